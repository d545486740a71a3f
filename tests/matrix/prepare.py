# SPDX-License-Identifier: MIT
"""What the sites serve, and their keys: all in one directory."""

import os
import subprocess

import world

DROPBEARKEY = "/usr/bin/dropbearkey"


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, **more).stdout


def files(site, work):
    """A page by FTP and rsync, and a repository with that page, which needs no git on the server's side."""
    tree = work / site / "tree"
    tree.mkdir(parents=True)
    for page in (work / site / "page", tree / "page"):
        page.write_text(site + "\n", encoding="ascii")
    (work / f"{site}.rsyncd").write_text(
        f"use chroot = no\nlog file = {work}/rsyncd.log\n[site]\npath = {work}/{site}\n", encoding="ascii"
    )
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(tree)]
    run([*git, "init", "-q"])
    run([*git, "add", "page"])
    run([*git, "commit", "-q", "-m", site])
    repository = str(work / site / "repository.git")
    run(["git", "clone", "-q", "--bare", str(tree), repository])
    run(["git", "-C", repository, "update-server-info"])


def ssh_key(work):
    """A host key, and the clients' knowledge of it."""
    told = run([DROPBEARKEY, "-t", "ed25519", "-f", str(work / "ssh.key")])
    key = next(line for line in told.splitlines() if line.startswith("ssh-"))
    (work / "known_hosts").write_text(f"site {key}\n", encoding="ascii")


def everything(work):
    for site in world.SITES:
        files(site, work)
    if os.path.exists(DROPBEARKEY):  # else ssh reaches nothing, and says so
        ssh_key(work)
