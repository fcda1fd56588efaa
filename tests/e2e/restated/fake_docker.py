"""`docker` where there are no containers: holds a command to docker-compose.yml, and runs what it would run inside.

It knows the subcommands and options that the runbooks use and no others; services, programs of an image and mounted
folders are those of the file. ``exec`` and ``run`` then run the program outside, with the container's folders replaced
by those of ``FAKE_DOCKER`` (JSON: container folder → folder here) and with ``FAKE_DOCKER_ENV`` (JSON) as environment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import compose_file

# What is in the two images that the runbooks run something in.
DATABASE_PROGRAMS = {"pg_dump", "pg_restore", "psql", "createdb"}


def parser() -> argparse.ArgumentParser:
    """The subcommands and options of `docker compose` that are known here."""
    root = argparse.ArgumentParser("docker")
    compose = root.add_subparsers(required=True).add_parser("compose").add_subparsers(dest="does", required=True)
    for name in ("build", "up", "stop", "down"):
        one = compose.add_parser(name)
        if name != "down":
            one.add_argument("services", nargs="*")
        if name == "up":
            one.add_argument("-d", "--detach", action="store_true", required=True)
    for name in ("exec", "run"):
        one = compose.add_parser(name)
        one.add_argument("--no-tty", "-T", action="store_true")
        if name == "run":
            one.add_argument("--rm", action="store_true", required=True)
        one.add_argument("service")
        one.add_argument("command", nargs=argparse.REMAINDER)
    return root


def in_container(service: dict[str, Any], does: str, command: list[str]) -> list[str]:
    """The command as it is run inside.

    :raises SystemExit: for a program that is not in the image.
    """
    ours = service["image"].startswith("lda-warehouse:")
    inside = [*service.get("entrypoint", []), *command] if does == "run" else command
    inside = inside[2:] if inside[:2] == ["dumb-init", "--"] else inside
    known = {"lda"} if ours else DATABASE_PROGRAMS if service["image"].startswith("postgres:") else set()
    if not inside or inside[0] not in known:
        sys.exit(f"{service['image']} has no program {inside[:1]}; known: {sorted(known)}")
    return inside


def outside(word: str, mounts: set[str], here: dict[str, str]) -> str:
    """A word of a command with a folder of the container replaced by the one here.

    :raises SystemExit: for a path that is in no mounted folder, so that what is written there is gone at the end.
    """
    if not word.startswith("/"):
        return word
    for mount in mounts:
        if word == mount or word.startswith(f"{mount}/"):
            return here[mount] + word.removeprefix(mount)
    sys.exit(f"{word} is in no folder that the service mounts: {sorted(mounts)}")


def main() -> int:
    """Check a command and run what it runs; the exit code is that of the program."""
    asked = parser().parse_args()
    services = compose_file.services()
    named = [asked.service] if asked.does in {"exec", "run"} else getattr(asked, "services", [])
    if unknown := sorted(set(named) - set(services)):
        sys.exit(f"no such service: {unknown}; docker-compose.yml has {sorted(services)}")
    if asked.does not in {"exec", "run"}:
        return 0
    service = services[asked.service]
    if asked.does == "exec" and service["restart"] == "no":
        sys.exit(f"{asked.service} is not running: it ends when its command does. Use docker compose run --rm")
    mounts = {compose_file.filled_in(volume, str).split(":")[1] for volume in service.get("volumes", [])}
    here = json.loads(os.environ["FAKE_DOCKER"])
    command = [outside(word, mounts, here) for word in in_container(service, asked.does, asked.command)]
    environment = {**os.environ, **json.loads(os.environ["FAKE_DOCKER_ENV"])}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
