"""python -m tidegate_cli: the same as the command `tidegate`."""

from tidegate_cli.main import run

if __name__ == "__main__":
    run()
