"""Takes the files of a folder that Xandikos keeps into its repository, in one commit: ten thousand in seconds."""

import os
import sys

from dulwich import porcelain
from dulwich.repo import Repo

folder = sys.argv[1]
repository = Repo(folder)
files = [name for name in os.listdir(folder) if name.endswith(".ics")]
repository.get_worktree().stage(files)
author = b"Anna <anna@example.org>"
porcelain.commit(repository, message=b"Seed", author=author, committer=author)
repository.close()
