"""Kernels that start at once: a fork server that has made the imports, behind a provisioner that Jupyter knows.

A forked kernel is an ordinary ipykernel in a process of its own; where forking is not safe (see
:func:`~cslib.report.kernels.place.why_not`) the provisioner starts an ordinary one instead and says why in its `why`.

How a kernel is asked for. The provisioner is registered as ``cslib``. Three ways lead to it:

- :func:`cslib.report.engine.execute` asks for it unless ``warm=False``;
- the kernel named ``cslib`` ("Python 3 (cslib, warm)"), which the package installs: JupyterLab,
  ``papermill -k cslib``, ``jupyter nbconvert --execute --ExecutePreprocessor.kernel_name=cslib``;
- ``JUPYTER_DEFAULT_PROVISIONER_NAME=cslib`` in the environment: every Python kernel, under whatever name,
  ``pytest --nbval`` included.

How the server starts, is shared, and ends. The first kernel asked for starts it; every process of this user whose
interpreter, package files and environment are the same finds the same server, by the name of its socket: the workers of
a batch need to agree on nothing. It ends by itself when it has had no kernel for `linger` seconds, at once when the
last :func:`~cslib.report.kernels.client.lease` is given back, and a changed file makes a new one. A batch holds a
lease, so that its imports are made while the jobs are still being checked, and nothing is left when it has ended::

    from cslib.report.kernels.client import lease
    from cslib.report.engine import environment
    with lease(environment()):
        ...  # workers run their reports, in this process or others

A kernel dies with the process that asked for it, by whatever death; it outlives the server.
"""

from typing import Final

__all__ = ["PROVISIONER"]

PROVISIONER: Final = "cslib"
