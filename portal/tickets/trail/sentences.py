"""What can be wrong with a trail, as sentences for the person who reads the verification."""

from __future__ import annotations

from indexer.words import N_

STANDS_APART = N_("工单现状与最后一条流转记录不一致")
ENTRY_BROKEN = N_("第 %(seq)s 条流转记录对不上")
TRUNCATED = N_("应有 %(expected)s 条流转记录，现在只有 %(found)s 条，末尾被删掉了")
GROWN = N_("应有 %(expected)s 条流转记录，现在有 %(found)s 条，末尾被人添了")
END_CHANGED = N_("最后一条流转记录和封存的摘要不一致，整条记录链可能被重写")
NO_ANCHOR = N_("缺少末条流转记录的封存摘要")
NO_TICKET = N_("流转记录所属的工单已不存在")
