from __future__ import annotations

import pytest

from cslib.metrics.rules import RULES, rules_table


def test_a_rule_that_is_changed_names_both():
    told = rules_table(arr_per_csm=1_500_000, csm_cost=100_000).set_index("rule")["source"]
    assert told["arr_per_csm"] == "set in this report; 2,000,000 by Lemkin, SaaStr, since 2013"
    assert told["csm_cost"] == RULES["csm_cost"].source


def test_a_rule_that_nobody_knows_is_refused():
    with pytest.raises(KeyError, match="arr_per_cms"):
        rules_table(arr_per_cms=1)
