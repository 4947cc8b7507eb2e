"""Admins who act at the same moment, on SQLite and on PostgreSQL: exactly one of them counts."""

import threading

from tests.factories import keep, make_tenant
from tuning.domain.audit import Tag
from tuning.domain.errors import WrongState
from tuning.domain.grants import FOR_GOOD, Grant
from tuning.governance import grants
from tuning.governance import policy as governed
from tuning.governance.errors import PolicyOutdated
from tuning.store import audit

ADMINS = 8


def at_once(act):
    """Do something as many times as there are admins, all at once; return what was refused and how often it went."""
    begin, refused, done = threading.Barrier(ADMINS), [], []

    def run(number):
        begin.wait()
        try:
            done.append(act(number))
        except WrongState as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(ADMINS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, refused


def test_of_many_admins_who_save_one_revision_one_wins_and_the_others_read_who(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    done, refused = at_once(
        lambda number: governed.change(tenant, "cy", {"runs_per_day": str(100 + number)}, revision=0)
    )
    assert [policy.revision for policy in done] == [1]
    assert len(refused) == ADMINS - 1
    assert all(isinstance(one, PolicyOutdated) and "Cy changed the policy" in one.sentence for one in refused)
    assert governed.show(tenant, "dee").runs_per_day == done[0].runs_per_day
    with store.reading() as session:
        assert [event.tag for event in audit.events(session, "policy")].count(Tag.POLICY_CHANGED) == 1
        assert audit.first_broken_link(session) is None


def test_of_many_admins_who_decide_on_one_request_one_counts(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(store, Grant(id="grant", person_id="gus", justification="Please."))
    done, refused = at_once(
        lambda number: (
            grants.grant(tenant, "cy", "grant", FOR_GOOD)
            if number % 2
            else grants.decline(tenant, "dee", "grant", "Not yet.")
        )
    )
    assert (len(done), len(refused)) == (1, ADMINS - 1)
    assert all("has decided already" in one.sentence for one in refused)
    with store.reading() as session:
        decided = {Tag.ACCESS_GRANTED, Tag.ACCESS_DECLINED}
        assert len([event for event in audit.events(session, "grant") if event.tag in decided]) == 1
        assert audit.first_broken_link(session) is None
