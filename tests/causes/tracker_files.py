"""Small exports in the shapes that Bugzilla and Jira write, made up for these tests."""

from __future__ import annotations

from typing import Any


def _bug(number: int, *, status: str, resolution: str = "", severity: str = "normal", more: str = "") -> str:
    return f"""
  <bug>
    <bug_id>{number}</bug_id>
    <creation_ts>2024-03-01 09:00:00 +0800</creation_ts>
    <short_desc>第 {number} 个问题</short_desc>
    <classification>Unclassified</classification>
    <product>计费</product>
    <component>抄表</component>
    <version>unspecified</version>
    <rep_platform>All</rep_platform>
    <op_sys>Windows</op_sys>
    <bug_status>{status}</bug_status>
    <resolution>{resolution}</resolution>
    <keywords></keywords>
    <priority>P3</priority>
    <bug_severity>{severity}</bug_severity>
    <target_milestone>---</target_milestone>
    <reporter name="王">wang@old.example</reporter>
    <assigned_to name="Nobody">nobody@old.example</assigned_to>
    {more}
  </bug>"""


BUGZILLA_XML = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<!DOCTYPE bugzilla SYSTEM "https://bugs.old.example/page.cgi?id=bugzilla.dtd">
<bugzilla version="5.0.6" urlbase="https://bugs.old.example/" maintainer="a@old.example">
  <bug>
    <bug_id>101</bug_id>
    <creation_ts>2024-03-01 09:00:00 +0800</creation_ts>
    <short_desc>抄表数据重复 &amp; 金额翻倍</short_desc>
    <product>计费</product>
    <component>抄表</component>
    <version>6.1-sp1</version>
    <bug_status>RESOLVED</bug_status>
    <resolution>FIXED</resolution>
    <keywords>performance, regression</keywords>
    <priority>P2</priority>
    <bug_severity>major</bug_severity>
    <target_milestone>6.2.1</target_milestone>
    <reporter name="王">wang@old.example</reporter>
    <assigned_to name="陈工">chen@old.example</assigned_to>
    <long_desc isprivate="0">
      <commentid>900</commentid>
      <comment_count>0</comment_count>
      <who name="王">wang@old.example</who>
      <bug_when>2024-03-01 09:00:00 +0800</bug_when>
      <thetext>同一户的抄表数据出现两次，金额翻倍
报错 ORA-00001

Steps to Reproduce:
1. 打开抄表
2. 重复导入同一天的数据</thetext>
    </long_desc>
    <long_desc isprivate="1">
      <commentid>901</commentid>
      <comment_count>1</comment_count>
      <who name="陈工">chen@old.example</who>
      <bug_when>2024-03-02 09:00:00 +0800</bug_when>
      <thetext>内部备注：不给用户看</thetext>
    </long_desc>
    <attachment isobsolete="0" ispatch="0" isprivate="0">
      <attachid>5</attachid>
      <filename>shot.png</filename>
      <data encoding="base64">iVBORw0KGgoAAAANSUhEUgAA</data>
    </attachment>
  </bug>{_bug(102, status="RESOLVED", resolution="DUPLICATE", more="<dup_id>101</dup_id>")}{
    _bug(
        103,
        status="RESOLVED",
        resolution="INVALID",
        more='<long_desc isprivate="1"><thetext>内部备注：用户误操作</thetext></long_desc>',
    )
}{_bug(105, status="NEW", severity="enhancement")}
  <bug error="NotPermitted">
    <bug_id>106</bug_id>
  </bug>
</bugzilla>
"""

BUGZILLA_CSV = (
    '"Bug ID","Product","Component","Assignee","Status","Resolution","Summary","Changed","Severity",'
    '"Target Milestone"\n'
    '101,"计费","抄表","chen@old.example","RESOLVED","FIXED","抄表数据重复 & 金额翻倍",'
    '"2024-03-09 10:00:00","major","6.2.1"\n'
    '104,"计费","账单","nobody@old.example","NEW","---","账单页码错","2024-03-09 10:00:00","minor","---"\n'
)


def _item(key: str, *, status: str, resolution: str, priority: str, more: str = "") -> str:
    return f"""
  <item>
    <title>[{key}] 标题</title>
    <link>https://jira.old.example/browse/{key}</link>
    <project id="10000" key="BILL">计费</project>
    <description>&lt;p&gt;月末结算&lt;b&gt;超时&lt;/b&gt;，报 HTTP 504&lt;/p&gt;</description>
    <environment></environment>
    <key id="1">{key}</key>
    <summary>{"月末结算超时" if key == "BILL-7" else "结算又超时"}</summary>
    <type id="1" iconUrl="https://jira.old.example/bug.svg">Bug</type>
    <priority id="1" iconUrl="">{priority}</priority>
    <status id="6" iconUrl="" description="">{status}</status>
    <statusCategory id="3" key="done" colorName="green"/>
    <resolution id="1">{resolution}</resolution>
    <assignee username="chen@old.example">陈工</assignee>
    <reporter username="wang">王</reporter>
    <labels></labels>
    <created>Mon, 4 Mar 2024 17:32:09 +0800</created>
    {more}
    <component>抄表</component>
    <due></due>
    <votes>0</votes>
    <comments><comment id="5" author="chen" created="4 Mar 2024">看过了</comment></comments>
    <attachments></attachments>
    <customfields><customfield id="cf_1"><customfieldname>y</customfieldname></customfield></customfields>
  </item>"""


def _linked(to: str, *, outward: bool) -> str:
    side, words = ("outwardlinks", "duplicates") if outward else ("inwardlinks", "is duplicated by")
    return (
        f'<issuelinks><issuelinktype id="10002"><name>Duplicate</name><{side} description="{words}">'
        f'<issuelink><issuekey id="1">{to}</issuekey></issuelink></{side}></issuelinktype></issuelinks>'
    )


VERSIONS = "<version>6.1</version><version>6.1-sp1</version><fixVersion>6.2</fixVersion>"
JIRA_XML = f"""<!-- RSS generated by JIRA (9.12.0) -->
<rss version="0.92">
<channel>
  <title>服务台 JIRA</title>
  <link>https://jira.old.example/issues/?jql=project+%3D+BILL</link>
  <description>An XML representation of a search request</description>
  <language>zh-cn</language>
  <issue start="0" end="3" total="3"/>
  <build-info><version>9.12.0</version><build-number>912000</build-number></build-info>{
    _item(
        "BILL-7",
        status="Closed",
        resolution="Fixed",
        priority="Highest",
        more=VERSIONS + _linked("BILL-8", outward=False),
    )
}{
    _item(
        "BILL-8",
        status="Closed",
        resolution="Duplicate",
        priority="Low",
        more=_linked("BILL-7", outward=True),
    )
}{_item("BILL-9", status="In Progress", resolution="Unresolved", priority="Medium")}
</channel>
</rss>
"""

JIRA_CSV = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Resolution,Assignee,"
    "Reporter,Created,Affects Version/s,Affects Version/s,Fix Version/s,Component/s,Due Date,Description,"
    "Outward issue link (Duplicate),Comment,Comment\n"
    "月末结算超时,BILL-7,1,Bug,Closed,BILL,计费,Highest,Fixed,chen@old.example,wang,2024/03/04 5:32 PM,"
    '6.1,6.1-sp1,6.2,抄表,,"月末结算超时，报 HTTP 504",,2024/03/04;chen;看过了,\n'
    "结算又超时,BILL-8,2,Bug,Closed,BILL,计费,Low,Duplicate,,wang,2024/03/05,,,,抄表,,又超时,BILL-7,,\n"
)


def _issue(key: str, **fields: Any) -> dict[str, Any]:
    usual = {
        "issuetype": {"name": "Bug"},
        "project": {"key": "BILL", "name": "计费"},
        "status": {"name": "Closed", "statusCategory": {"key": "done"}},
        "components": [{"name": "抄表"}],
        "labels": [],
        "reporter": {"name": "wang", "displayName": "王"},
        "assignee": None,
        "versions": [],
        "fixVersions": [],
        "issuelinks": [],
        "duedate": None,
    }
    return {"id": key, "key": key, "fields": {**usual, **fields}}


def jira_json() -> dict[str, Any]:
    """What the search of Jira's REST interface answers."""
    return {
        "startAt": 0,
        "total": 2,
        "issues": [
            _issue(
                "BILL-7",
                summary="月末结算超时",
                description="月末结算超时，报 HTTP 504",
                resolution={"name": "Fixed"},
                priority={"name": "Highest"},
                versions=[{"name": "6.1"}, {"name": "6.1-sp1"}],
                fixVersions=[{"name": "6.2"}],
                assignee={"name": "chen@old.example"},
            ),
            _issue(
                "BILL-8",
                summary="结算又超时",
                description="又超时",
                resolution={"name": "Duplicate"},
                priority={"name": "Low"},
                issuelinks=[
                    {
                        "type": {"name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"},
                        "outwardIssue": {"key": "BILL-7"},
                    }
                ],
            ),
        ],
    }


def adf(*lines: str) -> dict[str, Any]:
    """A document of paragraphs, the last two texts in one."""
    paragraphs = [[lines[0]], list(lines[1:])]
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}
            for texts in paragraphs
        ],
    }
