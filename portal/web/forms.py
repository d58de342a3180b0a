"""The form that every form of a page is: what the library says of wrong input, in sentences of the desk.

Which fields there are, and what is said of one that is missing, stands with each form. The invariant: nobody
is answered in the library's own words, which half of our languages lack.
"""

from __future__ import annotations

from flask_babel import gettext
from flask_wtf import FlaskForm

from indexer.words import N_

CHOOSE = N_("请从列表里选一项。")
NOT_THERE = N_("“%(value)s”不在可选的范围里。")
#: What the library would say, as it calls it.
SENTENCES = {
    "Field cannot be longer than %(max)d character.": N_("太长了，最多 %(max)d 个字。"),
    "Invalid Choice: could not coerce.": CHOOSE,
    "Invalid choice(s): one or more data inputs could not be coerced.": CHOOSE,
    "Not a valid choice.": CHOOSE,
    "'%(value)s' is not a valid choice for this field.": NOT_THERE,
    "Not a valid integer value.": N_("请填一个整数。"),
    "Not a valid date value.": N_("请填日期，例如 2026-03-02。"),
    "Not a valid datetime value.": N_("请填日期和时间，例如 2026-03-02 14:20。"),
}


class _Sentences:
    """What the library asks for its words; the numbers and names in them it puts in itself."""

    def gettext(self, words: str) -> str:
        return str(gettext(SENTENCES.get(words, words)))

    def ngettext(self, one: str, _many: str, _count: int) -> str:
        return self.gettext(one)


class Form(FlaskForm):
    class Meta:
        def get_translations(self, _form: object) -> _Sentences:
            return _Sentences()
