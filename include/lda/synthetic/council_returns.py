"""What a council sends for each quarter: a rolling twelve months of events, in Release 2 or Release 1 spelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from lda.synthetic.calendar import NO_DAY, add_months
from lda.synthetic.codes import CLD_ETHNICITIES, SERVICE_USER, SEX_WORDS
from lda.synthetic.geography import Geography
from lda.synthetic.population import People, Plan
from lda.synthetic.social_care import Client, Event, status_on

CouncilCells = list[str | int | float]


@dataclass(frozen=True, slots=True)
class SentRow:
    """One event of a client as sent for one quarter: the end known by then, the statuses, the home area or -1."""

    client: Client
    event: Event
    end: int
    home: str
    job: str
    area: int
    died: int


def is_release_1(plan: Plan, council: int, quarter: int) -> bool:
    """The last council sends Release 1 for the first half of its quarters; the first council for the first of many."""
    quarters = len(plan.quarters)
    if council == len(plan.geography.councils) - 1:
        return quarter < (quarters + 1) // 2
    return council == 0 and quarter == 0 and quarters >= 4


def sent_rows(plan: Plan, people: People, clients: Sequence[Client], quarter: int) -> Iterator[SentRow]:
    """Every row of every council for a quarter, client by client."""
    last = plan.quarters[quarter].toordinal()
    opens = add_months(last, -12) + 1
    release_1 = [is_release_1(plan, council, quarter) for council in range(len(plan.geography.councils))]
    for client in clients:
        old = release_1[client.council]
        died = client.died if client.died <= last else NO_DAY
        area = people.area_on(client.person, min(last, client.until - 1) if client.until else last)
        for event in client.events:
            end = event.end if event.end <= last else NO_DAY
            if event.start > last or (end != NO_DAY and end < opens) or (end == NO_DAY and event.kind != "Service"):
                continue
            seen = end or last
            yield SentRow(
                client,
                event,
                end,
                event.other_home or status_on(client.homes, seen, client.unmapped_home and old),
                status_on(client.jobs, seen),
                area if client.address_known else -1,
                died,
            )


class CouncilWriter:
    """Turns sent rows into cells in the contract's column order, spelling them as the council's release does."""

    def __init__(self, geography: Geography, people: People) -> None:
        self._geography, self._people = geography, people

    def _spelt(self, column: str, value: str, release_1: bool) -> str:
        return self._geography.release_1.get((column, value), value) if release_1 else value

    def cells(self, row: SentRow, end: date, release_1: bool) -> CouncilCells:
        """The row's 35 cells; dates as day numbers."""
        client, event = row.client, row.event
        last = end.toordinal()
        service = event.kind == "Service"

        def spelt(column: str, value: str) -> str:
            return self._spelt(column, value, release_1)

        postcode = "tba" if client.person % 3 == 0 else ""
        if row.area >= 0:
            postcode = self._geography.areas[row.area].postcodes[self._people.postcode[client.person]]
        # The third council states the calendar year so far instead of the twelve months it sends.
        wrong = client.council == 2 and end.month != 12
        stated = date(end.year, 1, 1).toordinal() if wrong else add_months(last, -12) + 1
        return [
            self._geography.councils[client.council], stated, add_months(last, -1) if wrong else last,
            client.nhs_text, client.local_id, client.practice, SEX_WORDS[client.sex],
            spelt("ethnicity", CLD_ETHNICITIES[client.ethnicity][0]), client.birth, row.died,
            spelt("client_type", client.kind), spelt("primary_support_reason", client.reason), postcode,
            spelt("accommodation_status", row.home), spelt("employment_status", row.job),
            "Yes" if client.person % 4 else "No", "Yes" if client.person % 5 == 0 else "No", "Council funded",
            event.kind, event.reference, event.start, row.end,
            "Support – weekly, “as agreed”" if service else "",
            "Progress to service" if event.kind == "Request" else "",
            spelt("request_route_of_access", event.route), spelt("assessment_type", event.assessment),
            spelt("service_type", event.service_type), spelt("service_component", event.component),
            "Council managed" if service else "", "", "Planned" if event.kind == "Review" else "",
            "Face to face" if event.kind == "Review" else "", event.cost if service else "",
            "Per week" if service else "", 1 if service and client.kind == SERVICE_USER else "",
        ]  # fmt: skip
