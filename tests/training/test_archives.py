"""Packages of each registry: their files, and the licence that decides whether they are read."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from training.corpus import apt, debian, debs, listed, npm, wheels
from training.corpus.packages import SourceFile

COPYRIGHT = """\
Format: https://example.org/copyright-format/1.0/

Files: *
Copyright: A
License: Expat

Files: src/gpl/*
 src/other.c
Copyright: B
License: GPL-2+

Files: debian/*
Copyright: C
License: GPL-3+

License: Expat
 Permission is hereby granted, free of charge.
"""


def tar(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def found(files: list[SourceFile]) -> dict[str, str]:
    return {file.path: file.language for file in files}


def wheel(folder: Path, licence: str) -> Path:
    path = folder / "a-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b.py", "x = 1\n")
        archive.writestr("a/c.so", "x")
        about = f"Name: a\nVersion: 1.0\nLicense-Expression: {licence}\n"
        archive.writestr("a-1.0.dist-info/METADATA", about)
    return path


def package(folder: Path, licence: object) -> Path:
    manifest = json.dumps({"name": "@a/b", "version": "2.0", "license": licence})
    return tar(
        folder / "a-b-2.0.tgz",
        {
            "package/package.json": manifest,
            "package/src/a.ts": "let a = 1\r\n",
            "package/a.d.ts": "",
        },
    )


def source_package(folder: Path, licences: str) -> Path:
    upstream = tar(
        folder / "a_1.0.orig.tar.gz",
        {
            "a-1.0/src/main.c": "int a;\n",
            "a-1.0/src/main.h": "namespace a {}\n",
            "a-1.0/src/other.c": "int b;\n",
            "a-1.0/src/gpl/c.c": "int c;\n",
            "a-1.0/bin/run": "#!/bin/sh\necho\n",
            "a-1.0/bin/other": "#!/usr/bin/perl\n",
        },
    )
    packaging = tar(folder / "a_1.0-1.debian.tar.gz", {"debian/copyright": licences})
    listing = "\n".join(
        f" {hashlib.sha256(b'').hexdigest()} 1 {p.name}" for p in (upstream, packaging)
    )
    dsc = folder / "a_1.0-1.dsc"
    dsc.write_text(f"Source: a\nVersion: 1:1.0-1\nChecksums-Sha256:\n{listing}\n")
    return dsc


def test_a_wheel_is_read_where_its_licence_permits_it(tmp_path):
    files = list(wheels.files(wheel(tmp_path, "MIT")))

    assert found(files) == {"a/b.py": "python"}
    assert (files[0].package.name, files[0].package.version) == ("a", "1.0")
    assert not list(wheels.files(wheel(tmp_path, "GPL-3.0-only")))


@pytest.mark.parametrize("licence", ["MIT", {"type": "MIT"}, [{"type": "MIT"}, {"type": "ISC"}]])
def test_an_npm_package_is_read_without_its_declarations(tmp_path, licence):
    (file,) = npm.files(package(tmp_path, licence))

    assert (file.path, file.language, file.text) == ("src/a.ts", "typescript", "let a = 1\n")
    assert (file.package.name, file.package.version) == ("@a/b", "2.0")


@pytest.mark.parametrize("licence", ["UNLICENSED", "SEE LICENSE IN LICENSE", None, "AGPL-3.0"])
def test_an_npm_package_without_a_permissive_licence_is_not_read(tmp_path, licence):
    assert not list(npm.files(package(tmp_path, licence)))


def test_of_a_source_package_the_files_with_permissive_licences_are_read(tmp_path):
    files = list(debian.files(source_package(tmp_path, COPYRIGHT)))

    assert found(files) == {"bin/run": "bash", "src/main.c": "c", "src/main.h": "cpp"}
    assert {file.package.licence for file in files} == {"Expat"}
    assert files[0].package.version == "1:1.0-1"


def test_a_source_package_without_machine_readable_copyright_is_not_read(tmp_path):
    assert not list(debian.files(source_package(tmp_path, "It is under the MIT license.\n")))


def deb(folder: Path, licences: str) -> Path:
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    files = {
        "DEBIAN/control": "Package: golang-a-dev\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: A <a@example.org>\nDescription: a\n",
        "usr/share/doc/golang-a-dev/copyright": licences,
        "usr/share/gocode/src/example.org/a/a.go": "package a\n",
        "usr/lib/b.go": "package b\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    path = folder / "golang-a-dev_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", root, path], check=True, capture_output=True)
    return path


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is Debian's")
def test_a_binary_package_is_read_if_all_of_upstream_is_permissive(tmp_path):
    permissive = COPYRIGHT.replace("GPL-2+", "BSD-3-clause")

    (file,) = debs.files(deb(tmp_path, permissive))

    assert (file.path, file.language) == ("example.org/a/a.go", "go")
    assert file.package.licence == "BSD-3-clause, Expat"
    assert not list(debs.files(deb(tmp_path, COPYRIGHT)))


@pytest.mark.parametrize(
    ("package", "archive"),
    [
        (listed.Listed("pip", "Some-Name", "1.0"), "pip/some_name-1.0-py3-none-any.whl"),
        (listed.Listed("npm", "@a/b", "2.0"), "npm/a-b-2.0.tgz"),
        (listed.Listed("deb", "a-dev", "1:1.0-1"), "deb/a-dev_1%3a1.0-1_all.deb"),
        (listed.Listed("debian", "a", "1:1.0-1"), "debian/a_1.0-1.dsc"),
    ],
)
def test_what_was_fetched_is_found_again(tmp_path, package, archive):
    path = tmp_path / archive
    path.parent.mkdir()
    path.touch()

    assert package.archive(tmp_path) == path


@pytest.mark.parametrize("registry", listed.SEPARATORS)
def test_every_list_names_versions_and_holds_some_packages_out(registry):
    packages = listed.read(registry)

    assert len({package.name for package in packages}) == len(packages)
    assert all(package.version[0].isdigit() for package in packages)
    assert any(package.held_out for package in packages) == (registry != "pip")


def test_apt_is_pointed_at_source_packages_of_the_same_archive():
    both = "Types: deb deb-src\nURIs: http://example.org/\n", "deb http://example.org/ a main\n"

    assert [apt.source_types(text).split(" ")[:2][-1].split("\n")[0] for text in both] == [
        "deb-src",
        "http://example.org/",
    ]
    assert apt.source_types(both[1]).startswith("deb-src ")
