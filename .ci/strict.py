"""Strict profile of cloudformation-validate, which has no command of its own, over the templates named as arguments.

Prints a line for each finding; the exit status is 1 if there is any. Left out are notes that no template is without:
which properties are create-only (I9001), that a resource has no tags of its own (I9040; the stack tags them), and that
there is no block for assistants (I4010) and no region given (I9003).
"""

import sys

from cloudformation_validate import CompositeEngine, ValidateConfig

NOTES = {"I4010", "I9001", "I9003", "I9040"}

findings = [
    f"{path}: {diagnostic.severity.name} {diagnostic.rule_id}: {diagnostic.message}"
    for path in sys.argv[1:]
    for diagnostic in CompositeEngine().validate_template(path, ValidateConfig(strict=True)).diagnostics
    if diagnostic.rule_id not in NOTES
]
print("\n".join(findings), end="\n" if findings else "")
sys.exit(1 if findings else 0)
