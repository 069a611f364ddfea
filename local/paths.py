"""Where the local tools find and put their files."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BUILT_TEMPLATE = REPOSITORY / ".aws-sam" / "build" / "template.yaml"
SAMCONFIG = REPOSITORY / "samconfig.toml"
STATE = REPOSITORY / ".local"
ENVIRONMENT_FILE = STATE / "env"
CACHE = REPOSITORY / ".cache"
TOOLS = REPOSITORY / ".venv" / "tools"
