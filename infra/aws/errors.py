"""The errors of `infra.aws`; each ends with the next step.

FinopsError
└── TemplateError     the template, or a parameter for it, is not what CloudFormation takes
"""

from schemas.errors import FinopsError


class TemplateError(FinopsError):
    """The template cannot be read or translated, or a parameter is refused."""
