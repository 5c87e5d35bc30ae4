"""The grader: marks a folder of submitted notebooks, and treats every one of them as hostile.

It stands apart from the rest of the package. It is installed with the package; the two libraries
that it needs besides are the extra `grading`. Nothing else in `metarec` imports it: a reader who
never grades never loads it. It knows no assignment; `make assignments` writes what it reads.

The parent process holds inputs and expected values. For every question a fresh child, in a sandbox
where the machine allows one, gets the submitted code and the inputs of that question, and sends
back plain data. The parent compares. So a submission can give wrong answers, but no verdicts: no
expected value, no comparison and no mark is ever in the process that it runs in.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["reports"],
    submod_attrs={
        "assignment": ["Assignment", "Aspect", "Case", "Question"],
        "checks": ["expect"],
        "marking": ["grade_folder"],
        "sandbox": ["Limits", "Sandbox"],
    },
)
