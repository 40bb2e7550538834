"""Names of files and folders with secrets: the data for :mod:`leanwide.files.secrets`.

Sources: the signatures of shhgit, the path rules of gitleaks and detect-secrets, the sample
repository Plazmaz/leaky-repo, GitHub's templates for ``.gitignore``, and the documentation of the
programs themselves. Files that only sometimes hold a secret, and that users edit all day, are not
listed: ``.bashrc``, ``settings.py``, ``database.yml``, ``appsettings.Development.json``.

All names are in lower case. ``*`` stands for any characters, and a name without a leading dot also
for the one with it. ``a/b`` is a file ``b`` in a folder ``a``; in ``a/**/b`` other folders may be
between them.
"""

from __future__ import annotations

from typing import Final


def _all(*groups: str) -> tuple[str, ...]:
    return tuple(name for group in groups for name in group.split())


FILES: Final = _all(
    # Environment files
    ".env* *.env .flaskenv local.settings.json .dev.vars .runtimeconfig.json",
    # Keys and certificates
    "*.pem *.key *.keypair *.p8 *.p12 *.pfx *.pkcs12 *.ppk *.jks *.jceks *.bks *.keystore"
    " *.keyring *.keytab *.crt *.cer *.der *.gpg *.pgp *.rsa *.dsa *_rsa *_dsa *_ecdsa *_ed25519"
    " *_ed25519_sk *_ecdsa_sk *.agekey *.jwk *.jwks *.kirbi *.ccache *.snk *.mobileprovision *.bek"
    " *.fve *.tpm authorized_keys key.asc private.asc private-key.asc private_key.asc"
    " secret-key.asc secring.asc secring.* trustdb.gpg minisign.key otr.private_key age/keys.txt"
    " sops/age/keys.txt .age/key.txt signing.properties keystore.properties key.properties",
    # Password managers and wallets
    "*.kdb *.kdbx *.psafe3 *.agilekeychain *.opvault *.1pif *.1pux *.keychain *.keychain-db"
    " *.kwallet *.enpassdbsync bitwarden*.json bitwarden*.csv lastpass*.csv 1password*.csv"
    " wallet.dat default_wallet electrum/wallets/default_wallet utc--* mnemonic.txt seed.txt"
    " seedphrase.txt",
    # Accounts of the system, of mail, of transfers
    "netrc _netrc .netrc.gpg .authinfo htpasswd htdigest shadow shadow- gshadow gshadow-"
    " master.passwd etc/passwd proftpdpasswd .pgpass pgpass.conf .my.cnf .mylogin.cnf .msmtprc"
    " msmtprc .fetchmailrc .muttrc .mutt/muttrc .mailrc .smbcredentials .cifscredentials .rhosts"
    " .shosts hosts.equiv sasl_passwd wpa_supplicant.conf *.nmconnection .wgetrc .curlrc _curlrc"
    " .lftprc .ncftp/bookmarks sftp-config.json .vscode/sftp.json .remote-sync.json .ftpconfig"
    " .ftppass .sftp.json sftp.json filezilla.xml recentservers.xml sitemanager.xml winscp.ini"
    " *.rdp *.rdg .vnc/passwd rclone.conf *.ovpn *.pcf *.tblk wg*.conf"
    " wireguard.conf wireguard/*.conf ngrok.yml ngrok.yaml .erlang.cookie .wget-hsts"
    " krb5.keytab .k5login .vpnc offlineimaprc .mbsyncrc .irssi/config .purple/accounts.xml"
    " xchat2/servlist_.conf hexchat/servlist.conf",
    # Databases
    "dbeaver-data-sources.xml .dbeaver/credentials-config.json credentials-config.json"
    " datasources.local.xml robomongo.json robo3t.json .dbshell .mongorc.js mongoid.yml"
    " .rediscli_auth favorites.plist .dbt/profiles.yml .influxdbv2/configs"
    " snowflake/connections.toml .snowflake/config.toml .mc/config.json",
    # Histories
    "bash_history .zsh_history zsh_history .sh_history .ash_history .ksh_history .history"
    " .histfile fish_history *_history consolehost_history.txt .lesshst .viminfo .mysql_history"
    " .psql_history .sqlite_history .rediscli_history .mongo_history .dbshell .python_history"
    " .node_repl_history .irb_history .pry_history .rhistory .octave_hist .gdb_history"
    " .scala_history .php_history .local/share/fish/fish_history",
    # Version control
    ".git-credentials .gitconfig .git/config .git/**/config .git/**/config.worktree"
    " git/credentials .hgrc .hg/hgrc mercurial.ini .config/hub hub/hosts.yml gh/hosts.yml"
    " glab-cli/config.yml .gist .config/git/credentials",
    # Clouds and clusters
    "*.tfvars *.tfvars.json *.tfstate *.tfstate.backup .terraformrc terraform.rc"
    " credentials.tfrc.json *.cscfg *.publishsettings .boto .s3cfg s3cfg .passwd-s3fs passwd-s3fs"
    " .aws-credentials rootkey.csv accesskeys.csv access_keys.csv *_accesskeys.csv credentials.csv"
    " client_secret*.json client_secrets.json client-secret*.json service-account*.json"
    " service_account*.json serviceaccount*.json gcp-key*.json gcp_key*.json gcloud*.json"
    " google-credentials*.json google_credentials*.json application_default_credentials.json"
    " adc.json firebase-adminsdk*.json *-adminsdk.json *firebase-adminsdk*.json"
    " google-services.json googleservice-info.plist legacy_credentials azureauth.json"
    " azureprofile.json accesstokens.json msal_token_cache.json msal_token_cache.bin"
    " azure-credentials.json .oci/config oci/config doctl/config.yaml .tugboat .digitalocean"
    " hcloud/cli.toml linode-cli .linode-cli scw/config.yaml fly/config.yml .vercel/auth.json"
    " vercel/auth.json netlify/config.json railway/config.json .supabase/access-token"
    " .heroku/credentials heroku.json cloudflared/*.json .wrangler/config/default.toml"
    " .cloudflared/cert.pem .s3ql/authinfo2 kubeconfig kubeconfig.* kubeconfig-* *.kubeconfig"
    " *-kubeconfig kube/config kube.config kubernetes/*.conf k3s.yaml talosconfig .dockercfg"
    " .dockerconfigjson dockerconfig.json docker/config.json containers/auth.json"
    " registries/auth.json helm/registry/config.json helm/repositories.yaml argocd/config"
    " rancher/cli2.json pulumi/credentials.json .cf/config.json .consul-token .nomad-token"
    " configstore/*.json",
    # Configuration management and continuous integration
    ".vault-token vault-token .vault_token .vault_pass vault_pass .vault_pass.txt vault_pass.txt"
    " .vault-pass vault-pass.txt .vault_password vault_password .vault-password vault.yml"
    " vault.yaml .ansible_vault_password ansible_vault_pass* knife.rb .chef/*.rb"
    " hiera-eyaml/*.pkcs7.pem *.eyaml unseal.txt unseal-keys.json .circleci/cli.yml"
    " .travis/config.yml .travis.token initialadminpassword master.key hudson.util.secret"
    " credentials.xml jenkins.plugins.publish_over_ssh.bapsshpublisherplugin.xml"
    " config.runner.toml gitlab-runner/config.toml gitlab-secrets.json .credentials_rsaparams"
    " .flyrc .sentryclirc",
    # Packages
    ".npmrc npmrc .yarnrc.yml.auth .pnpmrc .pypirc pypirc pip.conf pip.ini .condarc condarc"
    " .gem/credentials rubygems/credentials .bundle/config .cargo/credentials"
    " .cargo/credentials.toml cargo/credentials.toml .composer/auth.json auth.json"
    " .m2/settings.xml settings-security.xml .m2/settings-security.xml .gradle/gradle.properties"
    " .ivy2/.credentials .sbt/.credentials .hex/hex.config hex.config .cpanrc .pause .conda/token"
    " .jupyter/jupyter_server_config.json jupyter/runtime/*.json poetry/auth.toml"
    " .huggingface/token huggingface/token .kaggle/kaggle.json kaggle.json .wandb/settings .openai"
    " .anthropic .cohere .databrickscfg .snowsql/config snowsql.cnf .streamlit/secrets.toml",
    # Web applications
    "wp-config.php wp-config-*.php wp-config.inc localsettings.php configuration.user.xpl"
    " config.inc.php config/parameters.yml parameters.local.yml secret_token.rb secret_key_base"
    " credentials.yml.enc *.yml.enc secret_key.txt secretkey.txt appsettings.local.json"
    " appsettings.production.json appsettings.secrets.json usersecrets/**/secrets.json"
    " arduino_secrets.h ventrilo_srv.ini .salesforcedx.json sfdx_auth_url.txt sfdxauthurl.txt"
    " *.cosign cosign.key .trc .twurlrc .netlify.token",
    # Browsers, mail programs, editors
    "logins.json logins-backup.json key3.db key4.db signons.sqlite cookies.txt cookies.sqlite"
    " cookies.json firefox/profiles.ini .idea/webservers.xml .idea/deployment.xml"
    " .idea/**/datasources.local.xml .idea/security.xml github-copilot/hosts.json"
    " github-copilot/apps.json .continue/config.json .codex/auth.json .claude/.credentials.json"
    " .gemini/oauth_creds.json .cursor/mcp.json",
    # Tokens
    "token.json token.txt token.pickle token_cache.json id_token.json oauth_token oauth2.json"
    " oauth.json access_token access_token.json access_token.txt refresh_token refresh_token.json"
    " api_token api_token.txt api-token.txt apitoken.txt github_token github_token.txt"
    " gitlab_token personal_access_token.txt pat.txt .token .tokens .auth .apikey .api_key"
    " .api-key api_key api_key.txt api_key.json api_keys.json api-key.txt api_keys.txt apikey.txt"
    " apikeys.txt apikey.json apikeys.json cookies.pkl session.key",
)  # fmt: skip
"""Secrets whatever they contain."""

DATA_FILES: Final = _all(
    "id_rsa* id_dsa* id_ecdsa* id_ed25519* private_key* private-key* privatekey* private.*"
    " rsa_private* server-key* client-key* deploy_key* deploy-key* signing_key* signing-key*"
    " ssh_host_*_key encryption_key* master_key* masterkey*"
    " *_key *-key *_token *-token *api_key* *api-key* *apikey* *api_token* *api-token* *apitoken*"
    " *access_token* *access-token* *auth_token* *auth-token* *refresh_token* *refresh-token*"
    " *secret_key* *secret-key* *secretkey* secret-values.* secret_values.* secrets-values.*",
)
"""Secrets unless they have a suffix of source code or prose."""

FOLDERS: Final = _all(
    ".aws .azure .docker .gnupg .kube .password-store .ssh .passage .oci .aliyun .bluemix .gcloud"
    " .config/gcloud .config/gh .config/op .op .1password .config/rclone .config/doctl"
    " .config/hcloud .config/sops .config/bitwarden .config/keepassxc .local/share/keyrings"
    " .gnome2/keyrings library/keychains .terraform.d .chef .salt/pki .vault .helm/registry"
    " .minikube .rancher .mozilla .thunderbird .config/google-chrome .config/chromium"
    " .config/bravesoftware .electrum .bitcoin .ethereum .solana .config/solana .monero .minisign"
    " .wireguard .cert .certs .databricks .snowsql .pki .svn/auth .gsutil .config/wireguard"
    " .config/filezilla .filezilla .purple .config/cloudflared .cloudflared .local/share/fish"
    " etc/wireguard etc/ssl/private ssl/private run/secrets",
)  # fmt: skip
"""Folders in which every file is a secret."""

WORDS: Final = frozenset(
    _all(
        "secret secrets credential credentials cred creds password passwords passwd passphrase"
        " passphrases passcode"
    )
)
"""A data file whose name ends in one of these words is a secret."""

COMPOUNDS: Final = _all("secret secrets credentials password passwords")
"""The same for words that end in one of these, such as ``appsecrets``."""

CAREFUL_WORDS: Final = frozenset(_all("secrets credentials creds passwords passwd"))
"""Source code with one of these words in its name is no context for other files. A data file in a
folder of this name is a secret."""

CAREFUL_COMPOUNDS: Final = _all("secrets credentials passwords")
"""The same for source code with words that end in one of these."""

CAREFUL_ENDINGS: Final = frozenset(_all("secret credential cred"))
"""The same for source code whose name ends in one of these words."""

SOURCE: Final = frozenset(
    _all(
        "py pyi pyx pxd ipynb js jsx mjs cjs ts tsx mts cts vue svelte astro coffee elm rs go"
        " java kt kts scala sbt groovy gradle clj cljs cljc edn c h cc cpp cxx hh hpp hxx inl m mm"
        " swift cs fs fsx vb xaml razor cshtml rb erb rake php phtml twig lua pl pm t r jl ml mli"
        " hs lhs erl hrl ex exs heex nim zig d dart v sv vhd vhdl pas f f90 adb ads asm s el lisp"
        " scm rkt sol move proto thrift graphql gql tf hcl rego nix bzl bazel cmake mk html htm"
        " css scss sass less styl jinja jinja2 j2 tpl tmpl mustache hbs ejs pug haml slim liquid"
        " wat cu glsl hlsl wgsl ps tcl feature"
    )
)  # fmt: skip
"""Suffixes of source code: in its name, a word tells what the code is about."""

PROSE: Final = frozenset(
    _all("md mdx markdown rst adoc asciidoc org tex sh bash zsh fish ps1 psm1 bat cmd sql")
)
"""Suffixes of prose and scripts: in their names, a word counts if it is the whole name."""

SAMPLES: Final = frozenset(
    _all("example examples sample samples template tmpl tpl dist default defaults schema")
)
"""One of these as the last part of a name, or the one before, means that there is no secret yet."""

COPIES: Final = _all("~ .bak .old .orig .save .swp .swo .swn .backup .tmp .copy")
"""What editors and users append to the name of a copy."""
