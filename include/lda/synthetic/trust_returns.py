"""A trust's monthly submission: one ZIP of tables in the shape of the Mental Health Services Data Set."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lda.synthetic.calendar import NO_DAY
from lda.synthetic.codes import DELAY_REASONS, ETHNIC_CODES, SEX_CODES
from lda.synthetic.layouts import landing_path
from lda.synthetic.population import Plan
from lda.synthetic.trust_history import AutismReferral, Patient, TrustHistory, TrustSpell
from lda.synthetic.writers import Extract, TruthFiles, delivery

LATENCY = 15
WRITTEN_ON = (2020, 1, 1, 0, 0, 0)
VERSION_5_MONTHS = 3
HEADERS = {
    "MHS000Header": "DatSetVer OrgIDProvider ReportingPeriodStartDate ReportingPeriodEndDate",
    "MHS001MPI": "LocalPatientID NHSNumber NHSNumberStatus PersonBirthDate Postcode GenderIDCode EthnicCategory "
    "PersDeathDate",
    "MHS002GP": "LocalPatientID GMPReg StartDateGMPRegistration EndDateGMPRegistration",
    "MHS007DisabilityType": "LocalPatientID DisabCode",
    "MHS101Referral": "ServiceRequestID LocalPatientID OrgIDComm ReferralRequestReceivedDate PrimReasonReferralMH "
    "ServDischDate ReferRejectionDate ReferClosReason",
    "MHS102ServiceTypeReferredTo": "ServiceRequestID ServTeamTypeRefToMH ReferClosureDate ReferRejectionDate",
    "MHS103OtherReasonReferral": "ServiceRequestID OtherReasonReferMH",
    "MHS201CareContact": "CareContactID ServiceRequestID CareContDate ConsMechanismMH AttendStatus",
    "MHS401MHActPeriod": "MHActLegalStatusClassPeriodId LocalPatientID StartDateMHActLegalStatusClass "
    "EndDateMHActLegalStatusClass LegalStatusCode MentalCat ExpiryDateMHActLegalStatusClass",
    "MHS501HospProvSpell": "HospProvSpellID ServiceRequestID StartDateHospProvSpell DischDateHospProvSpell",
    "MHS502WardStay": "WardStayID WardCode HospProvSpellID StartDateWardStay EndDateWardStay",
    "MHS903WardDetails": "WardCode SiteIDOfWard WardIntendedClinCareMH WardType WardSecLevel",
    "MHS505RestrictiveInterventInc": "RestrictiveIntIncID HospProvSpellID StartDateRestrictiveIntInc "
    "EndDateRestrictiveIntInc",
    "MHS515RestrictiveInterventType": "RestrictiveIntIncID RestrictiveIntType",
    "MHS518ClinReadyforDischarge": "HospProvSpellID StartDateClinReadyForDisch EndDateClinReadyForDisch "
    "ClinReadyforDischDelayReason",
    "MHS604PrimDiag": "ServiceRequestID DiagSchemeInUse PrimDiag",
    "MHS605SecDiag": "ServiceRequestID DiagSchemeInUse SecDiag",
}
SECURITY = {"General": "0", "Low": "1", "Medium": "2", "High": "3"}


@dataclass
class Tables:
    """Rows by table, and those that a rule keeps out: table, row number and rule."""

    rows: dict[str, dict[tuple[object, ...], None]] = field(default_factory=lambda: {name: {} for name in HEADERS})
    orphans: list[tuple[str, int, str]] = field(default_factory=list)

    def add(self, table: str, *cells: object) -> None:
        """Add a row; a row that is there already is not sent twice."""
        self.rows[table][cells] = None

    def count(self) -> int:
        """Rows of all tables."""
        return sum(map(len, self.rows.values()))


def known(day: int, cut: int) -> str:
    """A day as the trust writes it, if it has come by the month end."""
    return date.fromordinal(day).isoformat() if NO_DAY < day <= cut else ""


def month_tables(plan: Plan, history: TrustHistory, trust: str, end: date, version_5: bool) -> Tables:
    """The sound rows of a month."""
    cut, first = end.toordinal(), end.replace(day=1).toordinal()
    tables = Tables()
    header = ("5.0" if version_5 else "6.0", trust, end.replace(day=1).isoformat(), end.isoformat())
    tables.add("MHS000Header", *header)
    for site, security in plan.geography.wards:
        if site.startswith(trust) and not version_5:
            tables.add("MHS903WardDetails", f"{site}-LD", site, "", "05", SECURITY[security])
            tables.add("MHS903WardDetails", site, site, "", "03", SECURITY[security])
    for spell in history.spells:
        if spell.is_told(end):
            _add_spell(tables, plan, spell, first, cut, version_5)
    for referral in history.referrals:
        if referral.received <= cut and (referral.ended == NO_DAY or referral.ended >= first):
            _add_referral(tables, plan, referral, first, cut)
    for patient in history.told_in(end):
        tables.add(
            "MHS001MPI", patient.local_id, patient.nhs, "01" if patient.nhs else "07",
            date.fromordinal(patient.birth).isoformat(), patient.postcode, SEX_CODES[patient.sex],
            ETHNIC_CODES[patient.ethnicity], "",
        )  # fmt: skip
        for one in patient.registrations:
            if one.start <= cut:
                dates = known(one.start, cut), known(one.stop, cut)
                tables.add("MHS002GP", patient.local_id, one.practice, *dates)
    return tables


def _add_spell(tables: Tables, plan: Plan, spell: TrustSpell, first: int, cut: int, version_5: bool) -> None:
    request, number, has = f"Q{spell.number}", spell.number, spell.qualifiers
    site, security = plan.geography.wards[spell.ward]
    start, stop = known(spell.start, cut), known(spell.stop, cut)
    tables.add(
        "MHS101Referral", request, spell.patient.local_id, _icb(plan, spell.patient, cut), start, "12", stop, "", ""
    )
    tables.add("MHS102ServiceTypeReferredTo", request, "E01" if "MHS102" in has else "A01", stop, "")
    tables.add("MHS501HospProvSpell", number, request, start, stop)
    ward = f"{site}-LD" if "MHS502" in has else site
    stay: tuple[object, ...] = (f"W{number}", ward, number, start, stop)
    tables.add("MHS502WardStay", *stay, *(("05" if "MHS502" in has else "03", SECURITY[security]) if version_5 else ()))
    _add_lapsed(tables, spell, f"{site}-LD", cut, (("05", SECURITY[security]) if version_5 else ()))
    category = "B" if "MHS401" in has else "A"
    tables.add("MHS401MHActPeriod", f"M{number}", spell.patient.local_id, start, stop, spell.legal_status, category)
    if "MHS007" in has:
        tables.add("MHS007DisabilityType", spell.patient.local_id, "04")
    tables.add("MHS604PrimDiag", request, "02", "F840" if "MHS604" in has else "F200")
    if "MHS605" in has:
        tables.add("MHS605SecDiag", request, "02", "F70.1")
    if spell.respite:
        tables.add("MHS605SecDiag", request, "02", "Z755")
    if NO_DAY < spell.ready <= cut and spell.ready >= spell.start:
        reason = "A2" if version_5 else DELAY_REASONS[1 + spell.ready % 4]
        tables.add("MHS518ClinReadyforDischarge", number, known(spell.ready, cut), stop, reason)
    for position, (day, types) in enumerate(spell.incidents):
        if first <= day <= cut:
            incident = f"I{number}-{position}"
            tables.add("MHS505RestrictiveInterventInc", incident, number, known(day, cut), known(day, cut))
            for kind in types:
                tables.add("MHS515RestrictiveInterventType", incident, kind)


def _add_lapsed(tables: Tables, spell: TrustSpell, ward: str, cut: int, of_version_5: tuple[str, ...]) -> None:
    """What qualified somebody for the cohort up to a day stays in the submissions, with its end once that has come."""
    kind, day = spell.lapsed
    number, start, ended = spell.number, known(spell.start, cut), known(day, cut)
    if kind == "MHS102":
        tables.add("MHS102ServiceTypeReferredTo", f"Q{number}", "E01", ended, "")
    elif kind == "MHS401":
        # Nobody ended the section; it ran out.
        expiry = date.fromordinal(day).isoformat()
        tables.add("MHS401MHActPeriod", f"M{number}L", spell.patient.local_id, start, "", "02", "B", expiry)
    elif kind == "MHS502":
        tables.add("MHS502WardStay", f"W{number}L", ward, number, start, ended, *of_version_5)


def _icb(plan: Plan, patient: Patient, day: int) -> str:
    """The ICB that commissions for a patient; that of the first place where no address is known."""
    return plan.geography.icb_of(max(patient.place, 0), date.fromordinal(day))


def _add_referral(tables: Tables, plan: Plan, referral: AutismReferral, first: int, cut: int) -> None:
    tables.add(
        "MHS101Referral", referral.number, referral.patient.local_id, _icb(plan, referral.patient, cut),
        known(referral.received, cut), "25" if referral.is_primary_reason else "12", known(referral.closed, cut),
        known(referral.rejected, cut), "",
    )  # fmt: skip
    if not referral.is_primary_reason:
        tables.add("MHS103OtherReasonReferral", referral.number, "25")
    tables.add("MHS102ServiceTypeReferredTo", referral.number, "A02", known(referral.closed, cut), "")
    for position, (day, attended, mechanism) in enumerate(referral.contacts):
        if first <= day <= cut:
            contact = f"C{referral.number}-{position}"
            tables.add("MHS201CareContact", contact, referral.number, known(day, cut), mechanism, attended)


class TrustExtracts:
    """Writes a trust's submissions: mostly sound, some refreshed, some that cannot be used."""

    def __init__(self, plan: Plan, trust: str, landing: Path, truth: TruthFiles) -> None:
        self._plan, self._trust, self._landing, self._truth = plan, trust, landing, truth

    def submissions(self, history: TrustHistory) -> None:
        """One ZIP for each month, and what went wrong on the way."""
        dirty = self._plan.dirt > 0
        for month, end in enumerate(self._plan.ends):
            version_5 = month < VERSION_5_MONTHS and dirty
            tables = month_tables(self._plan, history, self._trust, end, version_5)
            if not dirty:
                self._write(end, "", tables)
                continue
            tags = {"version_5"} if version_5 else set()
            mishap = month % 6
            if mishap == 1:
                self._orphans(tables)
                tags |= {"keys_that_do_not_hold"}
            if mishap == 2:
                self._write(end, "", tables, "superseded", {"refresh"}, unfinished=True)
                self._write(end, "_refresh", tables, tags={"refresh", *tags}, days=8)
                continue
            if mishap in (3, 4, 5):
                self._spoilt(end, tables, mishap)
                self._write(end, "_v2", tables, tags=tags | {"resubmission"}, days=4)
                continue
            self._write(end, "", tables, tags=tags | ({"bom", "crlf", "nested_folder"} if mishap == 1 else set()))

    def _orphans(self, tables: Tables) -> None:
        """Rows that belong to nothing in the submission."""
        for table, cells, rule in (
            ("MHS501HospProvSpell", ("S-ORPHAN", "Q-NOBODY", "2024-01-05", ""), "MH501-SERVICE_REQUEST_ID-PARENT"),
            ("MHS502WardStay", ("W-ORPHAN", "WARD", "S-ORPHAN", "2024-01-05", ""), "MH502-HOSP_PROV_SPELL_ID-PARENT"),
            ("MHS604PrimDiag", ("Q-NOBODY", "02", "F700"), "MH604-SERVICE_REQUEST_ID-PARENT"),
        ):
            tables.add(table, *cells)
            tables.orphans.append((table, len(tables.rows[table]) + 1, rule))

    def _spoilt(self, end: date, tables: Tables, mishap: int) -> None:
        if mishap == 3:
            self._write(end, "", tables, "rejected", {"missing_table"}, leave_out=("MHS001MPI",))
        elif mishap == 4:
            other = Tables({**tables.rows, "MHS000Header": {("6.0", self._trust, "2001-01-01", "2001-01-31"): None}})
            self._write(end, "", other, "rejected", {"header_period_disagrees"})
        else:
            extract = self._write(end, "", tables, "rejected", {"corrupt_zip"})
            content = extract.path.read_bytes()
            extract.path.write_bytes(content[: len(content) // 2])
            extract.stamp()

    def _write(
        self,
        end: date,
        suffix: str,
        tables: Tables,
        status: str = "accepted",
        tags: Iterable[str] = (),
        *,
        days: int = 0,
        unfinished: bool = False,
        leave_out: Sequence[str] = (),
    ) -> Extract:
        path = landing_path(self._landing, self._trust, f"mhsds_{self._trust}_{end.isoformat()[:7]}{suffix}.zip")
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, "mhsds", self._trust, end, delivery(end, LATENCY + days), status, set(tags))
        self._truth.extracts.append(extract)
        path.parent.mkdir(parents=True, exist_ok=True)
        folder, newline = (f"{self._trust} extract/", "\r\n") if "nested_folder" in extract.tags else ("", "\n")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for table, kept in tables.rows.items():
                if table in leave_out:
                    continue
                rows = list(kept)
                # Before its refresh a submission lacks addresses and the later contacts.
                sent = rows[: len(rows) // 2] if unfinished and table == "MHS201CareContact" else rows
                if unfinished and table == "MHS001MPI":
                    sent = [(*row[:4], "", *row[5:]) for row in sent]
                extract.accepted += len(sent)
                text = io.StringIO(newline="")
                writer = csv.writer(text, lineterminator=newline)
                header = HEADERS[table].split()
                if table == "MHS502WardStay" and any(len(row) > len(header) for row in sent):
                    header += ["WardType", "WardSecLevel"]
                writer.writerow(header)
                writer.writerows((*row, *[""] * (len(header) - len(row))) for row in sent)
                entry = zipfile.ZipInfo(f"{folder}{table}.csv", WRITTEN_ON)
                entry.compress_type = zipfile.ZIP_DEFLATED
                mark = "\ufeff" if "bom" in extract.tags else ""
                archive.writestr(entry, (mark + text.getvalue()).encode())
        extract.accepted -= len(tables.orphans)
        extract.quarantined += len(tables.orphans)
        for _, number, rule in tables.orphans:
            self._truth.tag_row(extract, number, "keys_that_do_not_hold", rule)
        extract.stamp()
        return extract
