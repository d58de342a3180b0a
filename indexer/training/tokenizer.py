"""Pieces: a Unigram vocabulary over both languages, learnt from the training text.

Runs of Chinese stand alone, so a word is the same piece beside a Latin name as inside a
sentence; numbers and punctuation are cut off. Invariant: the file alone (tokenizer.json)
decides the pieces; whoever reads it needs nothing from here. The library's own training adds up
in no fixed order: two runs differ in a few pieces, which is why the kept file counts.
"""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from indexer.training.recipe import Recipe

UNKNOWN = "[UNK]"
_HAN_RUN = "[\u4e00-\u9fff]+"


def _untrained() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Whitespace(),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(Regex(_HAN_RUN), behavior="isolated"),
        ]
    )
    return tokenizer


def trained(texts: Iterable[str], recipe: Recipe) -> Tokenizer:
    tokenizer = _untrained()
    trainer = trainers.UnigramTrainer(
        vocab_size=recipe.vocabulary,
        max_piece_length=recipe.longest_piece,
        special_tokens=[UNKNOWN],
        unk_token=UNKNOWN,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
