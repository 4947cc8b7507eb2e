"""Starts a training: `python -m tuning.training CONFIG.json`."""

import sys

from tuning.training.child import main

sys.exit(main())
