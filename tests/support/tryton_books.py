"""Run with Tryton's own Python: SKR03, a tree of analytic accounts and a year of periods in a new database."""

from __future__ import annotations

import sys
from datetime import date

from proteus import Model, Wizard, config


def main(path: str) -> None:
    """Fill the database ``pleo`` of a configuration file."""
    config.set_trytond("pleo", config_file=path)
    # The helpers need the configuration that was set above.
    from trytond.modules.account.tests.tools import create_fiscalyear
    from trytond.modules.company.tests.tools import create_company, get_company

    create_company(currency="EUR")
    company = get_company()
    templates = Model.get("account.account.template").find([("parent", "=", None)])
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template = next(template for template in templates if "SKR03" in template.name)
    wizard.form.company = company
    wizard.execute("create_account")
    account = Model.get("analytic_account.account")
    root = account(name="Kostenstelle", code="KST", type="root", company=company)
    root.save()
    for code, name in (("100", "Vertrieb"), ("200", "Technik")):
        account(name=name, code=code, type="normal", company=company, root=root, parent=root).save()
    year = create_fiscalyear(company, (date(2026, 1, 1), date(2026, 12, 31)))
    year.save()
    year.click("create_period")
    for period in Model.get("account.period").find([("end_date", "<=", date(2026, 2, 28))]):
        period.click("close")


if __name__ == "__main__":
    main(sys.argv[1])
