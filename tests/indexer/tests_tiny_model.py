"""A real sentence-transformers model made on the spot: sixteen-dimensional, no download."""

from pathlib import Path

import numpy as np

WORDS = {
    "登录": 0, "登陆": 0, "进不去": 0, "log": 0, "login": 0, "密码": 1, "口令": 1, "password": 1, "打印": 2,
    "打印机": 2, "printer": 2, "出纸": 2, "网络": 3, "断网": 3, "network": 3,
    "报销": 4, "费用": 4, "expense": 4,
}  # fmt: skip
DIMS = 16


def make(folder: Path, *, seed: int = 1) -> Path:
    """Words of one theme share a direction; whatever else is written is nearly nothing."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Sequence, Split, Whitespace

    vocabulary = {"[UNK]": 0} | {word: number for number, word in enumerate(WORDS, start=1)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    longest_first = sorted(WORDS, key=len, reverse=True)
    pattern = Regex("|".join(longest_first))
    tokenizer.pre_tokenizer = Sequence([Whitespace(), Split(pattern, behavior="isolated")])
    dice = np.random.default_rng(seed)
    table = dice.normal(0.0, 0.02, (len(vocabulary), DIMS)).astype(np.float32)
    for word, number in vocabulary.items():
        if word in WORDS:
            table[number, WORDS[word]] += 1.0
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=table), Normalize()])
    model.save(str(folder))
    return folder
