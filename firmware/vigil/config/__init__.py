"""
What the owner asked for.

    model       every setting, with its default, range and meaning (`model_…`: the tables of one subject)
    setting     what the model says about one key
    conditions  what rules wait for; `actions` what they do; `rule_…` whether they can ever fire
    kinds       what a value may be
    checks      what must hold between settings
    read        bytes become a `Config`: strictly when editing, as well as it can when booting
    parts       what can be saved of a file that is broken in one place
    migrate     files of older schemas become files of this one
    files       which file counts, the version's own copy, and the last that was applied well
    write       a `Config` becomes a file, with or without explanations
    reference   the tables of docs/ref/config.md
    secrets     PIN and passwords; `redact` keeps secrets out of what people see
"""
