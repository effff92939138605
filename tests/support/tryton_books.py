"""Run with Tryton's own Python: the chart SKR03 and one tree of analytic accounts, in a new database."""

from __future__ import annotations

import sys

from proteus import Model, Wizard, config


def main(path: str) -> None:
    """Fill the database ``pleo`` of a configuration file."""
    config.set_trytond("pleo", config_file=path)
    # The helpers need the configuration that was set above.
    from trytond.modules.company.tests.tools import create_company, get_company

    create_company()
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


if __name__ == "__main__":
    main(sys.argv[1])
