"""Run at each start of the stand, once Airflow's database is migrated: its roles, and a first person in three of them.

What FAB's commands ``sync-perm`` and ``users create`` do, in one process and with passwords from the environment, so
that none is on a command line. A person who is there already keeps their role and password.
"""

from __future__ import annotations

import os
import sys

PEOPLE = {"viewer": "Viewer", "operator": "Op", "admin": "Admin"}


def main() -> int:
    """Make roles and first people; exit code 1 when somebody could not be made."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    missing = [variable for name in PEOPLE if not os.environ.get(variable := f"AIRFLOW_{name.upper()}_PASSWORD")]
    if missing:
        print(f"Set {', '.join(missing)} in .env: there are no default passwords.", file=sys.stderr)
        return 1
    with get_application_builder() as builder:
        builder.add_permissions(update_perms=True)
        people = builder.sm
        people.sync_roles()
        for name, role in PEOPLE.items():
            if people.find_user(name):
                print(f"{name} is there already")
                continue
            address, password = f"{name}@lda.invalid", os.environ[f"AIRFLOW_{name.upper()}_PASSWORD"]
            if not people.add_user(name, name, "LDA", address, people.find_role(role), password):
                print(f"{name} could not be made with the role {role}", file=sys.stderr)
                return 1
            print(f"{name} was made with the role {role}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
