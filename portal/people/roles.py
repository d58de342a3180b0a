"""Who may do what: one enum of permissions, one table post → permissions. Pure.

The table that draws the menu is the table that guards the deed: pages ask ``may``, routes ask ``may``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from indexer.words import N_


class Post(StrEnum):
    AGENT = "agent"
    LOCAL_SUPPORT = "local_support"
    SUPERVISOR = "supervisor"
    INSPECTOR = "inspector"
    EXPERT = "expert"
    ANALYST = "analyst"
    EDITOR = "editor"
    DISPATCHER = "dispatcher"
    ENGINEER = "engineer"
    MANAGER = "manager"
    ADMIN = "admin"


POST_LABELS = {
    Post.AGENT: N_("服务受理岗"),
    Post.LOCAL_SUPPORT: N_("二线/本地支持岗"),
    Post.SUPERVISOR: N_("前台班长"),
    Post.INSPECTOR: N_("服务质检岗"),
    Post.EXPERT: N_("专家岗"),
    Post.ANALYST: N_("数据分析岗"),
    Post.EDITOR: N_("服务知识运用岗"),
    Post.DISPATCHER: N_("调度员"),
    Post.ENGINEER: N_("系统开发/维护岗"),
    Post.MANAGER: N_("服务经理"),
    Post.ADMIN: N_("系统管理员"),
}


class Permission(StrEnum):
    WORK_FRONT = "work_front"
    WORK_LOCAL = "work_local"
    WORK_MIDDLE = "work_middle"
    WORK_DISPATCH = "work_dispatch"
    WORK_BACK = "work_back"
    ANSWER_COMPLAINTS = "answer_complaints"
    FILE_FOR_OTHERS = "file_for_others"
    REASSIGN = "reassign"
    READ_TICKETS = "read_tickets"  # those within the posts' units or systems
    READ_ALL_TICKETS = "read_all_tickets"
    READ_STAFF_TEXTS = "read_staff_texts"
    READ_EXPERT_TEXTS = "read_expert_texts"
    WRITE_ARTICLES = "write_articles"
    PUBLISH_ARTICLES = "publish_articles"
    VERIFY_ARTICLES = "verify_articles"  # experts: those of their systems
    READ_ARTICLE_QUALITY = "read_article_quality"
    FLAG_ARTICLES = "flag_articles"
    CURATE_DEFECTS = "curate_defects"
    REPAIR_DEFECTS = "repair_defects"
    LINK_DEFECTS = "link_defects"
    READ_LEARNING = "read_learning"  # what the matcher has learned, and how well
    STEER_LEARNING = "steer_learning"  # strike judgements out, learn now, take a learning back
    PUBLISH_ANNOUNCEMENTS = "publish_announcements"
    READ_FIGURES = "read_figures"
    EXPORT = "export"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_CATALOGUE = "manage_catalogue"
    MANAGE_LEVELS = "manage_levels"  # service levels and working calendars
    MANAGE_WEBHOOKS = "manage_webhooks"
    MAKE_PACKS = "make_packs"  # carry articles, defects and synonyms out of this network
    TRUST_SENDERS = "trust_senders"  # whose packs may come in
    READ_PEOPLE = "read_people"
    FOLLOW_UP = "follow_up"  # ring users after the close and ask whether it really helped
    INSPECT = "inspect"
    DECIDE_APPEALS = "decide_appeals"
    READ_QUALITY = "read_quality"  # results of others, within the posts' units
    MANAGE_QUALITY = "manage_quality"  # sampling rules and scoring sheets


P = Permission
STAFF = frozenset({P.READ_TICKETS, P.READ_STAFF_TEXTS, P.FLAG_ARTICLES, P.READ_PEOPLE})
FRONT = STAFF | {P.FILE_FOR_OTHERS}
DEEP = STAFF | {P.READ_EXPERT_TEXTS}

# fmt: off
PERMISSIONS: dict[Post, frozenset[Permission]] = {
    Post.AGENT:         FRONT | {P.WORK_FRONT, P.LINK_DEFECTS, P.FOLLOW_UP},
    Post.LOCAL_SUPPORT: FRONT | {P.WORK_LOCAL},
    Post.SUPERVISOR:    FRONT | {P.WORK_FRONT, P.WORK_LOCAL, P.LINK_DEFECTS, P.ANSWER_COMPLAINTS, P.REASSIGN, P.READ_FIGURES, P.EXPORT, P.FOLLOW_UP, P.READ_QUALITY, P.DECIDE_APPEALS},
    Post.INSPECTOR:     STAFF | {P.READ_FIGURES, P.EXPORT, P.INSPECT, P.READ_QUALITY, P.DECIDE_APPEALS},
    Post.EXPERT:        DEEP  | {P.WORK_MIDDLE, P.CURATE_DEFECTS, P.LINK_DEFECTS, P.PUBLISH_ANNOUNCEMENTS, P.WRITE_ARTICLES, P.VERIFY_ARTICLES, P.READ_LEARNING},
    Post.ANALYST:       DEEP  | {P.READ_ALL_TICKETS, P.READ_FIGURES, P.EXPORT, P.CURATE_DEFECTS, P.LINK_DEFECTS, P.READ_LEARNING, P.STEER_LEARNING},
    Post.EDITOR:        DEEP  | {P.READ_ALL_TICKETS, P.WRITE_ARTICLES, P.PUBLISH_ARTICLES, P.VERIFY_ARTICLES, P.READ_ARTICLE_QUALITY, P.READ_FIGURES, P.MAKE_PACKS},
    Post.DISPATCHER:    DEEP  | {P.WORK_DISPATCH, P.READ_ALL_TICKETS, P.READ_FIGURES},
    Post.ENGINEER:      DEEP  | {P.WORK_BACK, P.REPAIR_DEFECTS},
    Post.MANAGER:       DEEP  | {P.READ_ALL_TICKETS, P.READ_FIGURES, P.EXPORT, P.REASSIGN, P.ANSWER_COMPLAINTS, P.READ_QUALITY, P.DECIDE_APPEALS, P.MANAGE_QUALITY, P.MANAGE_LEVELS, P.READ_ARTICLE_QUALITY, P.MAKE_PACKS, P.READ_LEARNING, P.STEER_LEARNING},
    Post.ADMIN:         frozenset({P.MANAGE_PEOPLE, P.MANAGE_CATALOGUE, P.MANAGE_WEBHOOKS, P.READ_PEOPLE, P.MANAGE_QUALITY, P.MANAGE_LEVELS, P.TRUST_SENDERS}),
}
# fmt: on

#: Posts whose tickets are bounded by the systems they are responsible for.
BOUND_TO_SYSTEMS = frozenset({Post.EXPERT, Post.ENGINEER})
#: Posts whose tickets are bounded by the units they serve.
BOUND_TO_UNITS = frozenset({Post.AGENT, Post.LOCAL_SUPPORT, Post.SUPERVISOR, Post.INSPECTOR})


def permissions_of(posts: Iterable[Post]) -> frozenset[Permission]:
    """What these posts together may do."""
    return frozenset().union(*(PERMISSIONS[post] for post in posts))


def posts_with(permission: Permission) -> frozenset[Post]:
    """The posts that hold a permission."""
    return frozenset(post for post, held in PERMISSIONS.items() if permission in held)
