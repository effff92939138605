"""Rule files: what is refused where, includes, replacements, vendors from CSV, description templates."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from findings import line_of
from pleoctl.errors import InvalidFile
from pleoctl.mapping.items import Item, convert
from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.rules.targets import targets
from pleoctl.mapping.rules.template import MAX_LENGTH, compile_template
from pleoctl.place import Place

from .checked_rules import found
from .conftest import HEAD, engine, item, mapped, postings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.errors import Finding
    from shapes import Json, Value

NOWHERE = Place("mapping.yaml", 1, 1)


def refused(folder: Path, text: str, **files: Value) -> list[Finding]:
    """The findings that loading gives."""
    with pytest.raises(InvalidFile) as raised:
        engine(folder, text, **files)
    return raised.value.findings


@pytest.mark.parametrize(
    ("more", "code", "line", "words"),
    [
        ("desciption: x", "MAP001", 12, "did you mean 'description'?"),
        ("tax: {shap: code}", "MAP001", 12, "'shape'"),
        ("tax: {shape: spilt}", "MAP001", 12, "'split'"),
        ("lines: {otherwise: keap}", "MAP001", 12, "'keep'"),
        ("expenseTypes:\n- {id: a, when: {typ: fee}, debit: line, credit: wallet}", "MAP001", 13, "'type'"),
        ("expenseTypes:\n- {id: a, when: {type: [fee, refnd]}, debit: line, credit: wallet}", "MAP001", 13, "'refund'"),
        (
            "expenseTypes:\n- {id: a, when: {type: fee}, debit: line, credit: wallet, replaces: standard/fees}",
            "MAP001",
            13,
            "'standard/fee'",
        ),
        ("expenseTypes:\n- {id: a, when: {type: fee}, debit: line}", "invalid-file", 13, "debit and credit"),
        ("expenseTypes:\n- {id: a, when: {type: fee}, debit: line, credit: line}", "invalid-file", 13, "both line"),
        ("expenseTypes:\n- {id: a, when: {type: fee}, debit: 1940, credit: line}", "schema", 13, 'write "1940"'),
        ("lines:\n  rows:\n  - {id: a, when: {suplier: x}, account: '1'}", "MAP001", 14, "'supplier'"),
        ("lines:\n  rows:\n  - {id: a, when: {supplier: {startWith: x}}, account: '1'}", "MAP001", 14, "'startsWith'"),
        ("lines:\n  rows:\n  - {id: a, when: {note: {regex: '('}}, account: '1'}", "invalid-file", 14, "regex"),
        ("lines:\n  rows:\n  - {id: a, when: {note: {regex: '(a)\\1'}}, account: '1'}", "invalid-file", 14, "for ever"),
        ("lines:\n  rows:\n  - {id: a, when: {note: {regex: 'a(?!b)'}}, account: '1'}", "invalid-file", 14, "for ever"),
        ("lines:\n  rows:\n  - {id: a, when: {amount: {range: [9, 1]}}, account: '1'}", "invalid-file", 14, "range"),
        ("lines:\n  rows:\n  - {id: a, when: {amount: '5'}, account: '1'}", "schema", 14, "amount"),
        ("lines:\n  rows:\n  - {id: a, when: {tag.DEPT: 20}, account: '1'}", "schema", 14, 'write "20"'),
        (
            "lines:\n  rows:\n  - {id: a, when: {}, account: '1'}\n  - {id: a, when: {}, account: '2'}",
            "duplicate-id",
            15,
            "twice",
        ),
        ("description: '{{ suplier.name }}'", "MAP001", 12, "'supplier'"),
        ("description: '{{ supplier.nam }}'", "MAP001", 12, "'name'"),
        ("description: '{{ note | uper }}'", "MAP001", 12, "'upper'"),
        ("description: '{{ note '", "template", 12, "description"),
        ("amounts: {divisor: {JPY: 7}}", "schema", 12, "divisor"),
        ("tests:\n- {name: t, given: {type: fee, lines: []}, expect: []}", "schema", 13, "lines"),
    ],
)
def test_refusals_have_place_and_fix(tmp_path: Path, more: str, code: str, line: int, words: str) -> None:
    """Each mistake is told once, with its line and what to write."""
    found = [f for f in refused(tmp_path, f"{HEAD}{more}\n") if f.code == code]
    assert [(f.file, line_of(f)) for f in found[:1]] == [("mapping.yaml", line)]
    assert words in str(found[0])


def test_vendors_must_say_what_unmatched_means(tmp_path: Path) -> None:
    """C-1: there is no silent default in a vendors section."""
    (finding,) = refused(tmp_path, HEAD.replace("  unmatched: fail\n", ""))
    assert "unmatched" in finding.message


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """A person fixes a file in one go."""
    found = refused(tmp_path, HEAD + "taxx: {}\nlines: {otherwise: kep, rows: [{id: a, when: {}}]}\n")
    assert [(f.code, line_of(f)) for f in found] == [("MAP001", 12), ("MAP001", 13), ("schema", 13)]


@pytest.mark.parametrize(
    "when",
    ["weekday: [foo]", "weekday: {any: [foo]}", "supplier: {foo: x}", "type: [foo, bar]", "any: [{foo: x}]", "foo: {}"],
)
def test_a_name_that_is_taken_out_leaves_nothing_that_lacks_something(tmp_path: Path, when: str) -> None:
    """The name is told, and not the list or mapping that was filled by it alone."""
    row = f"{{id: a, when: {{{when}}}, account: '6541'}}"
    assert {code for code, _ in found(tmp_path, f"{HEAD}lines:\n  rows:\n  - {row}\n")} == {"MAP001"}


def test_included_rows_come_after_own_ones(tmp_path: Path) -> None:
    """A file's own rows and settings win over those of its includes, in any depth."""
    (tmp_path / "more").mkdir()
    row = "- {id: %s, when: {supplier: X}, account: '%s'}"
    files = {
        "more/a.yaml": "apiVersion: pleoctl/v1\nkind: ExportMapping\ninclude: [more/b.yaml]\naccounts: {wallet: 'x'}\n"
        f"lines: {{rows: [{row[2:] % ('a', '2')}]}}\n",
        "more/b.yaml": f"apiVersion: pleoctl/v1\nkind: ExportMapping\nlines: {{rows: [{row[2:] % ('b', '3')}]}}\n",
    }
    text = HEAD.replace("[standard]", "[standard, more/a.yaml]")
    made = engine(tmp_path, text, None, **files)
    assert [(r.id, str(r.place)) for r in made.rules.lines] == [("a", "more/a.yaml:5"), ("b", "more/b.yaml:3")]
    given = item(supplier={"name": "x"})
    assert postings(mapped(made, given))[0] == ("debit", "2", 10000)
    own = engine(tmp_path, f"{text}lines:\n  rows:\n  {row % ('own', '1')}\n", None, **files)
    assert postings(mapped(own, given)) == [("debit", "1", 10000), ("credit", "1940", 10000)]


def test_include_of_itself_is_read_once(tmp_path: Path) -> None:
    """A circle of includes ends."""
    text = HEAD.replace("[standard]", "[standard, mapping.yaml]")
    assert len(engine(tmp_path, text).rules.types) == 45


@pytest.mark.parametrize(
    ("name", "words"), [("standrd", "does not exist"), ("../x.yaml", "outside"), ("/etc/passwd", "outside")]
)
def test_includes_stay_inside_and_exist(tmp_path: Path, name: str, words: str) -> None:
    """A missing include is told where it is named; no path leaves the workspace."""
    found = refused(tmp_path, HEAD.replace("[standard]", f"[standard, {name}]"))
    assert words in str(found[0])
    assert (found[0].file, line_of(found[0])) == ("mapping.yaml", 11)


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    """Links count by where they lead."""
    inside = tmp_path / "ws"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text("code\nX\n")
    (inside / "vendors.csv").symlink_to(tmp_path / "secret.csv")
    found = refused(inside, HEAD.split("vendors:")[0] + "vendors: {unmatched: fail, file: vendors.csv}\n")
    assert "outside" in found[0].message


def test_replaces_takes_the_row_out(tmp_path: Path) -> None:
    """One row may stand in for several; the replaced ones are kept for the report of gaps."""
    row = "- {id: own, when: {type: refund}, debit: wallet, credit: line, "
    row += "replaces: [standard/refund, standard/refund@accounts_payable]}"
    made = engine(tmp_path, f"{HEAD}expenseTypes:\n{row}\n")
    assert mapped(made, item("refund", bookkeeping={"method": "accounts_payable"})).rule == "own"
    assert [old.id for old, _ in made.rules.replaced] == ["standard/refund", "standard/refund@accounts_payable"]


def test_digest_is_about_rules_not_places(tmp_path: Path) -> None:
    """The digest is the same in every folder and with other comments and tests; another rule changes it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = engine(tmp_path / "a").rules.digest
    tests = "tests:\n- {name: t, given: {type: fee, lines: [{amount: 1}]}, expect: {fails: missing_configuration}}\n"
    assert engine(tmp_path / "b", f"# a comment\n{HEAD}{tests}").rules.digest == one
    assert engine(tmp_path / "b", HEAD.replace("1940", "1941")).rules.digest != one


def test_targets_name_every_account(tmp_path: Path) -> None:
    """`plan` learns which accounts the rules post to, and where they stand."""
    more = "expenseTypes:\n- {id: t, when: {type: fee}, debit: '7', credit: wallet}\n"
    more += "lines: {rows: [{id: l, when: {}, account: '8'}]}\n"
    rules = engine(tmp_path, HEAD + more).rules
    assert [(u.code, str(u.place), u.what) for u in targets(rules)] == [
        ("1940", "mapping.yaml:3", "accounts.wallet"),
        ("2890", "mapping.yaml:3", "accounts.outOfPocket"),
        ("1930", "mapping.yaml:3", "accounts.contra"),
        ("2440", "mapping.yaml:3", "accounts.accountsPayable"),
        ("2901", "mapping.yaml:7", "vendor ACME"),
        ("2822", "mapping.yaml:10", "vendor E-1"),
        ("7", "mapping.yaml:13", "row 't'"),
        ("8", "mapping.yaml:14", "row 'l'"),
    ]


# --- vendors from CSV ------------------------------------------------------------------------------------------

CSV = HEAD.split("  rows:")[0] + "  file: vendors.csv\ninclude: [standard]\n"


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffcode,externalId,account,blocked\n"A,1",x,2901,\nB,,,true\n',
        "code;externalId;account;blocked\nA,1;x;2901;\nB;;;true\n",
        "code;externalId;account;blocked;;\nA,1;x;2901;;;\n;;;;;\nB;;;true\n",
    ],
)
def test_vendors_from_csv(tmp_path: Path, text: str) -> None:
    """Empty cells are absent; a byte order mark, quoted commas and semicolons are fine."""
    rows = engine(tmp_path, CSV, None, **{"vendors.csv": text}).rules.vendors
    assert [(v.code, v.external_id, v.account, v.blocked) for v in rows] == [
        ("A,1", "x", "2901", False),
        ("B", None, None, True),
    ]


def test_a_vendor_file_that_is_missing_is_told_where_it_is_named(tmp_path: Path) -> None:
    """The rule file's place, and what paths are relative to."""
    finding = refused(tmp_path, CSV)[0]
    assert (finding.file, line_of(finding) is not None) == ("mapping.yaml", True)
    assert "vendors.csv: file does not exist (paths are relative to the workspace)" in str(finding)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("code,acount\nA,1\n", 1, "did you mean 'account'?"),
        ("account\n1\n", 1, "code"),
        ("code,code\nA,B\n", 1, "twice"),
        ("code;acount\nA;1\n", 1, "did you mean 'account'?"),
        ("code,account\nA\n", 2, "has 1 cell where"),
        ("code,blocked\nA,maybe\n", 2, "blocked"),
        ("code,account\n,1\n", 2, "no code"),
        ("code\nA\nB\nA\n", 4, "twice"),
        ('code\n"A\n', 2, "CSV"),
        ("", 1, "code"),
    ],
)
def test_bad_vendor_files(tmp_path: Path, text: str, line: int, words: str) -> None:
    """Each mistake of a vendor file has its line."""
    finding = refused(tmp_path, CSV, **{"vendors.csv": text})[0]
    assert (finding.file, line_of(finding)) == ("vendors.csv", line)
    assert words in str(finding)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lines: {rows: [{id: a, when: {amount: 70000.0}, account: '1'}]}", "(write hundredths: 50000 for 500.00)"),
        (
            "lines: {rows: [{id: a, when: {files: {range: [-1, 2]}}, account: '1'}]}",
            "(write a whole number, such as 3)",
        ),
        ("lines: {rows: [{id: a, when: {amount: {range: [null, 500.00]}}, account: '1'}]}", "(write hundredths"),
        (
            "lines: {rows: [{id: a, when: {mcc: {range: ['1']}}, account: '1'}]}",
            "needs 2 or more entries (write [from,",
        ),
        (
            "tests: [{name: a, given: {type: fee, lines: [{amount: 125.00}]}, expect: [{debit: '1', amount: 1}]}]",
            "(write h",
        ),
        (
            "tests: [{name: a, given: {type: fee}, expect: [{debit: '1', credit: '2', amount: 1}]}]",
            "needs one of debit and credit (write",
        ),
        ("amounts: {divisor: {yen: 1}}", "'yen\" is no currency (write three capital letters, e.g. JPY)"),
    ],
)
def test_schema_findings_say_what_to_write(tmp_path: Path, text: str, words: str) -> None:
    """Decimal amounts are refused, also whole ones: they would be taken for hundredths."""
    finding = refused(tmp_path, HEAD + text + "\n")[0]
    assert words.lstrip("'") in str(finding)
    assert (line_of(finding), finding.file) == (12, "mapping.yaml")


# --- descriptions ----------------------------------------------------------------------------------------------


def given(**more: Value) -> Item:
    """An item to describe."""
    fields: Json = {"supplier": {"name": "Acme"}, "user": {"name": "Marie Jensen", "code": "E-1"}} | more
    made = convert(item(**fields))
    assert isinstance(made, Item)
    return made


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ supplier.name }} {{ user.name }} {{ note }}", "Acme Marie Jensen"),
        ("{{ supplier.name }} {{ user.name | initials }}", "Acme MJ"),
        ("{{ vendor.name or supplier.name }}{% if note %}: {{ note }}{% endif %}", "Acme"),
        (
            "{{ type }}/{{ subType }} {{ currency }} {{ reconciliationId }} {{ date | truncate(10, true, '') }}",
            "card_purchase/ EUR 5200617 2026-03-04",
        ),
        ("{{ note }}|{{ invoice.number }}|{{ team.code }}", "||"),
        ("{{ note | title }}{{ note | truncate(40) }}{{ note | replace('a', 'b') }}{{ note | capitalize }}", ""),
        ("{{ note | first }}{{ note | last }}{{ note | trim }}{{ note | upper }}{{ subType | lower }}", ""),
        (
            "{{ note | default('no note') }} {{ team.name | default('-') }} {{ type ~ ' ' ~ subType }}",
            "no note - card_purchase",
        ),
        ("{{ invoice.number or 'none' }} {{ supplier.country | default('-') }}", "none -"),
        ("{% if team %}{{ team.name }}{% else %}no team{% endif %}", "no team"),
        ("{% if date < '2026-07-01T' %}H1{% endif %} {% if type in 'refund' %}back{% endif %}", "H1"),
        ("{% if note and note < 'm' %}early{% endif %}.", "."),
        ("{{ supplier.name | replace('A', user.name) | replace('J', user.name) }}", "Marie Marie Jensenensencme"),
        ("plain {{ user.code }} text", "plain E-1 text"),
    ],
)
def test_templates(template: str, text: str) -> None:
    """Absent parts vanish and blanks collapse."""
    assert compile_template(template, NOWHERE).render(given()) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in 'abc' %}{{ i }}{% endfor %}",
        "{{ note.upper() }}",
        "{{ 'a' * 999999999 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 9 ** 9 }}",
        "{% set x = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{{ note | center(999999999) }}",
        "{{ range }}",
        "{{ self }}",
        "{{ note['x'] }}",
        "{{ note | replace('a') }}",
        "{{ note | truncate('x') }}",
        "{{ note | truncate(2) }}",
        "{% if note < 5 %}x{% endif %}",
        "{% if note < 'm' %}x{% endif %}",
        "{{ note is foo }}",
        "{{ note | foo }}",
        '{{ "\ud800" }}',
        "{{ note | replace('', note) }}",
        "{{ supplier }}",
        "{{ '%999999999d' % 1 }}",
    ],
)
def test_templates_that_could_do_harm_are_refused(template: str) -> None:
    """No calls, loops, arithmetic, inner attributes: nothing that outgrows its inputs or leaves the item."""
    with pytest.raises(InvalidFile):
        compile_template(template, NOWHERE)


def test_a_long_note_in_the_place_of_each_of_its_letters_stays_small() -> None:
    """A gigabyte for one item else: what an employee writes into a note is not bounded here."""
    template = compile_template("{{ note | replace('a', note) }}", NOWHERE)
    tracemalloc.start()
    try:
        assert len(template.render(given(note="a" * 20_000))) == MAX_LENGTH
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("template", "hinted"),
    [("{% if note < 'x' %}{{ note }}{% endif %}", True), ("{{ note|truncate('x') }}{% if note %}!{% endif %}", False)],
)
def test_what_an_item_may_lack_is_tested_first(template: str, hinted: bool) -> None:
    """A template that fails without its fields is told the test that it lacks; any other mistake is told as it is."""
    with pytest.raises(InvalidFile) as caught:
        compile_template(template, NOWHERE)
    assert ("test first" in (caught.value.findings[0].hint or "")) == hinted


def test_descriptions_are_bounded() -> None:
    """A long note is cut."""
    text = compile_template("{{ note }}", NOWHERE).render(given(note="x" * 5000))
    assert len(text) == MAX_LENGTH
    assert text.endswith("…")


def test_rules_of_a_folder_elsewhere(tmp_path: Path) -> None:
    """File names are relative to the workspace, whatever the current folder is."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/m.yaml").write_text(HEAD)
    assert load_rules(tmp_path / "rules/m.yaml", tmp_path).files == ["rules/m.yaml"]
