"""The memory of a program, byte for byte, measured in a second run that nothing but the profiler watches.

``second_run`` runs it; ``notes`` says between its lines what lies at which of the ``addresses``; ``blocks`` ties what
the ``profiler`` saw to lines, nodes and names.
"""
