# SPDX-License-Identifier: MIT
"""What SHOW CREATE TABLE says."""

from decnet_decoys.mysql.sql.tables import Stored


def definition(name: str, table: Stored) -> str:
    """Return what SHOW CREATE TABLE says."""
    lines = []
    for one in table.columns:
        line = f"  `{one.name}` {one.type_text}" + (
            " NOT NULL" if one.not_null else " NULL" if one.kind == "timestamp" else ""
        )
        if one.auto:
            line += " AUTO_INCREMENT"
        elif one.default is not None:
            number = str(one.default).removeprefix("-").replace(".", "", 1).isdecimal() and one.kind not in (
                "varchar",
                "char",
                "text",
            )
            line += (
                f" DEFAULT {one.default if number or one.default == 'current_timestamp()' else repr(str(one.default))}"
            )
        elif not one.not_null and one.kind != "blob":
            line += " DEFAULT NULL"
        lines.append(line)
    if keys := [f"`{one.name}`" for one in table.columns if one.primary]:
        lines.append(f"  PRIMARY KEY ({','.join(keys)})")
    lines += [f"  UNIQUE KEY `{one.name}` (`{one.name}`)" for one in table.columns if one.unique and not one.primary]
    counted = (
        f" AUTO_INCREMENT={table.next_number}"
        if table.next_number > 1 and any(one.auto for one in table.columns)
        else ""
    )
    inside = ",\n".join(lines)
    return f"CREATE TABLE `{name}` (\n{inside}\n) ENGINE=InnoDB{counted} DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"  # noqa: E501
