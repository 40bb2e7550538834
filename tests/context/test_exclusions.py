"""What never enters a prompt."""

from __future__ import annotations

import pytest

from leanwide.context.exclusions import Exclusions

NONE = Exclusions("", ())


@pytest.mark.parametrize(
    "path",
    [
        "/home/me/app/.env",
        "/home/me/app/.env.production",
        "/srv/tls/server.key",
        "/home/me/.ssh/config",
        "/home/me/.aws/config",
        "/home/me/infra/prod.tfvars",
        "/home/me/id_rsa.pub",
        "/home/me/app/secrets.yaml",
    ],
)
def test_a_secret_is_known_by_its_name(path: str):
    reason = NONE.why(path)
    assert reason is not None
    assert "secret" in reason


@pytest.mark.parametrize(
    "path", ["/app/main.py", "/app/.env.example", "/app/keys.py", "/app/secrets_test.py", "x.py"]
)
def test_ordinary_files_are_served(path: str):
    assert NONE.why(path) is None


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        (("vendor/",), "/work/vendor/lib.py", True),
        (("vendor/",), "/work/src/vendor.py", False),
        (("*.gen.ts",), "/work/src/api.gen.ts", True),
        (("/build/*", "!/build/keep.py"), "/work/build/keep.py", False),
        (("/build/*",), "/work/src/build/x.py", False),
        (("vendor/",), "/elsewhere/vendor/lib.py", True),
    ],
)
def test_the_users_patterns_count_from_the_workspace(patterns, path, excluded):
    reason = Exclusions("/work", patterns).why(path)
    assert (reason is not None) is excluded
    assert reason is None or "files.exclude" in reason
