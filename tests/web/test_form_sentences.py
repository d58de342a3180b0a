"""What a form says of wrong input: sentences of the desk, in the reader's language, whatever the field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import DateField, DateTimeLocalField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length

from portal.web.forms import Form

#: Fields that take anything, or whose wrong input the sentences know.
KNOWN = {
    *("BooleanField", "EmailField", "HiddenField", "PasswordField", "StringField", "TelField"),
    *("TextAreaField", "CSRFTokenField", "SubmitField"),
    *("DateField", "DateTimeLocalField", "IntegerField", "RadioField", "SelectField", "SelectMultipleField"),
}
WRONG = {"number": "十二", "day": "明天", "moment": "2026-03-02", "one": "c", "many": "c", "name": "名" * 6}


class Sample(Form):
    class Meta(Form.Meta):
        csrf = False

    number = IntegerField()
    day = DateField()
    moment = DateTimeLocalField()
    one = SelectField(choices=["a"])
    many = SelectMultipleField(choices=["a"])
    name = StringField(validators=[Length(max=5)])


def _said(app: Flask, locale: str, given: dict[str, Any]) -> dict[str, str]:
    with app.test_request_context(), force_locale(locale):
        form = Sample(MultiDict(given))
        assert not form.validate()
        return {name: str(sentences[0]) for name, sentences in form.errors.items() if name is not None}


@pytest.mark.parametrize(("locale", "letters"), [("zh_CN", r"[\u4e00-\u9fff]"), ("en", r"[a-z]{3}")])
def test_wrong_input_is_answered_in_the_readers_language(app: Flask, locale: str, letters: str) -> None:
    said = _said(app, locale, WRONG)
    assert set(said) == set(WRONG)
    for name, sentence in said.items():
        assert re.search(letters, sentence), (name, sentence)
        assert not re.search("Not a valid|Invalid|Field cannot|%\\(", sentence), (name, sentence)


def test_a_number_in_a_sentence_is_the_limit(app: Flask) -> None:
    assert _said(app, "zh_CN", WRONG)["name"] == "太长了，最多 5 个字。"


def test_no_form_has_a_field_whose_sentences_nobody_has_written(app: Flask) -> None:
    assert app.blueprints  # whose modules define the forms
    used = {
        field.field_class.__name__
        for form in _below(Form)
        for name in dir(form)
        if hasattr(field := getattr(form, name), "field_class")
    }
    assert {"IntegerField", "TextAreaField"} <= used <= KNOWN


def _below(form: type[Form]) -> list[type[Form]]:
    return [one for below in form.__subclasses__() for one in (below, *_below(below))]
