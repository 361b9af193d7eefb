"""Time, rates and the capitalization report over the real program: a worked month whose figures are worked out by hand,
what may change it and what may not, and who sees amounts."""
import csv
import io
import itertools
import shutil
import subprocess
import unittest

import server
from workshop import Workshop
from world import Person, join, random_id

PERIOD = "2026-03"
GROUPS = {"team": "teams", "project": "projects", "user": "users", "cost_center": "cost_centers"}

# Five people in three teams and none; rates in cents an hour, two of them change within the month.
PEOPLE = {
    "Ada": ("Atlas", [("2026-01-01", 6000), ("2026-03-16", 6600)]),
    "Ben": ("Atlas", [("2026-01-01", 4550)]),
    "Cem": ("Boreal", [("2026-01-01", 5125), ("2026-03-10", 5200)]),
    "Dea": ("Cirrus", [("2026-01-01", 2750)]),
    "Eve": (None, [("2026-03-15", 8000)]),
}
PROJECTS = {
    "ANC": {"name": "Anchor", "capitalization_type": "Capex", "development_phase": "AppDevelopment", "cost_center_id": "C1", "amortization_months": 36},
    "BEA": {"name": "Beacon", "capitalization_type": "Capex", "development_phase": "Preliminary", "cost_center_id": "C2"},
    "CAB": {"name": "=Cable", "capitalization_type": "Opex", "cost_center_id": "C1"},
    "DIN": {"name": "Dinghy", "capitalization_type": "Capex"},
}
# who, project, date, minutes, own type, state      cents, and what becomes of them
WORK = [
    ("Ada", "ANC", "2026-03-02", 90, None, "approve"),     # 90 x 6000 / 60 = 9000    capitalized
    ("Ada", "ANC", "2026-03-16", 50, None, "approve"),     # 50 x 6600 / 60 = 5500    capitalized, at the new rate
    ("Ada", "CAB", "2026-03-17", 35, None, "approve"),     # 35 x 6600 / 60 = 3850    expensed: Opex
    ("Ben", "ANC", "2026-03-03", 7, None, "approve"),      # 7 x 4550 / 60 = 530.83 -> 531    capitalized
    ("Ben", "BEA", "2026-03-04", 480, None, "approve"),    # 480 x 4550 / 60 = 36400  expensed: Preliminary
    ("Cem", "DIN", "2026-03-09", 10, None, "approve"),     # 10 x 5125 / 60 = 854.17 -> 854   capitalized: no phase
    ("Cem", "DIN", "2026-03-10", 10, None, "approve"),     # 10 x 5200 / 60 = 866.67 -> 867   capitalized
    ("Cem", "ANC", "2026-03-11", 60, "Opex", "approve"),   # 60 x 5200 / 60 = 5200    expensed: the entry says so
    ("Dea", "CAB", "2026-03-12", 15, "Capex", "approve"),  # 15 x 2750 / 60 = 687.5 -> 688    capitalized: the entry says so
    ("Dea", "CAB", "2026-03-12", 15, "Capex", "approve"),  # 688 again: 13.76 for half an hour, not 13.75
    ("Eve", "ANC", "2026-03-14", 120, None, "approve"),    # no rate yet: unpriced
    ("Eve", "ANC", "2026-03-31", 30, None, "approve"),     # 30 x 8000 / 60 = 4000    capitalized
    ("Ada", "ANC", "2026-03-20", 25, None, None),          # a draft
    ("Ben", "ANC", "2026-03-20", 40, None, "submit"),
    ("Cem", "ANC", "2026-03-20", 55, None, "reject"),
    ("Ada", "ANC", "2026-02-28", 60, None, "approve"),     # 6000, of the same quarter
    ("Ada", "ANC", "2026-04-01", 60, None, "approve"),     # of the next one
]
# Priced and approved in March: 802 minutes, 67578 cents, of which 22128 are capitalized:
#   9000 + 5500 + 531 + 854 + 867 + 688 + 688 + 4000 = 22128;   3850 + 36400 + 5200 = 45450;   22128 + 45450 = 67578
TOTALS = {"total_hours": "13.37", "total_minutes": 802, "total_amount_cents": 67578, "capex_cents": 22128, "opex_cents": 45450, "unpriced_minutes": 120}
EXCLUDED = {"draft": 25, "submitted": 40, "rejected": 55, "unpriced": 120}
ALL_MINUTES = 802 + 25 + 40 + 55 + 120
BY_GROUP = {  # minutes, amount, capitalized, expensed
    "team": {None: (30, 4000, 4000, 0), "Atlas": (662, 55281, 15031, 40250), "Boreal": (80, 6921, 1721, 5200), "Cirrus": (30, 1376, 1376, 0)},
    "project": {"=Cable": (65, 5226, 1376, 3850), "Anchor": (237, 24231, 19031, 5200), "Beacon": (480, 36400, 0, 36400), "Dinghy": (20, 1721, 1721, 0)},
    "user": {"Ada": (175, 18350, 14500, 3850), "Ben": (487, 36931, 531, 36400), "Cem": (80, 6921, 1721, 5200), "Dea": (30, 1376, 1376, 0),
             "Eve": (30, 4000, 4000, 0)},
    "cost_center": {None: (20, 1721, 1721, 0), "C1": (302, 29457, 20407, 9050), "C2": (480, 36400, 0, 36400)},
}
CSV = '''"period","group","project_key","project_name","cost_center_id","capitalization_type","development_phase","hours","amount","currency","capitalized","amortization_months"
"2026-03","","ANC","Anchor","C1","Capex","AppDevelopment",0.50,40.00,"EUR","true",36
"2026-03","Atlas","CAB","'=Cable","C1","Opex","",0.58,38.50,"EUR","false",
"2026-03","Atlas","ANC","Anchor","C1","Capex","AppDevelopment",2.45,150.31,"EUR","true",36
"2026-03","Atlas","BEA","Beacon","C2","Capex","Preliminary",8.00,364.00,"EUR","false",
"2026-03","Boreal","ANC","Anchor","C1","Opex","AppDevelopment",1.00,52.00,"EUR","false",36
"2026-03","Boreal","DIN","Dinghy","","Capex","",0.33,17.21,"EUR","true",
"2026-03","Cirrus","CAB","'=Cable","C1","Capex","",0.50,13.76,"EUR","true",
'''


class Month:
    """The worked month, in an organization of its own."""

    names = itertools.count(1)

    def __init__(self, scenario, people=PEOPLE, work=WORK):
        n = next(self.names)
        self.server, self.boss = scenario.server, Person(scenario.server, f"boss{n}@example.com", "Olga")
        ask = self.boss.client
        self.org = ask.post("/api/v1/orgs", {"name": "Yard", "slug": f"yard-{n}", "currency": "EUR", "time_zone": "Europe/Berlin"})["id"]
        self.admin = self.member(f"admin{n}", "Admin")
        teams = {name: ask.post(f"/api/v1/orgs/{self.org}/teams", {"name": name})["id"] for name in ("Atlas", "Boreal", "Cirrus")}
        self.projects = {key: ask.post("/api/v1/projects", dict(more, org_id=self.org, key=key))["id"] for key, more in PROJECTS.items()}
        self.tickets = {key: ask.post(f"/api/v1/projects/{one}/tickets", {"title": "Work"})["id"] for key, one in self.projects.items()}
        self.people = {}
        for name, (team, rates) in people.items():
            person = self.people[name] = self.member(f"{name.lower()}{n}", "Member", name)
            if team:
                ask.post(f"/api/v1/teams/{teams[team]}/members", {"user_id": person.id})
            for since, cents in rates:
                self.rate(person, since, cents)
        self.entries = [self.work(*one) for one in work]

    def member(self, email, role, name=None):
        person = Person(self.server, email + "@example.com", name or role)
        join(self.boss, self.org, person, role)
        return person

    def rate(self, person, since, cents, **more):
        return self.boss.client.ask("POST", f"/api/v1/users/{person.id}/orgs/{self.org}/labor-rates",
                                    {"hourly_rate_cents": cents, "effective_from": since}, **more)

    def log(self, name, key, date, minutes, **more):
        return self.people[name].client.ask("POST", f"/api/v1/tickets/{self.tickets[key]}/time-entries", dict({"date": date, "minutes": minutes}, **more))

    def work(self, name, key, date, minutes, own_type, state):
        entry = self.log(name, key, date, minutes, **({"capitalization_type": own_type} if own_type else {})).json["id"]
        if state:
            self.people[name].client.post(f"/api/v1/time-entries/{entry}/submit")
        if state in ("approve", "reject"):
            self.boss.client.post(f"/api/v1/time-entries/{entry}/{state}", {"reason": "no"} if state == "reject" else None)
        return entry

    def report(self, query="", client=None, door=""):
        period = "" if "period=" in query else f"period={PERIOD}&"
        return (client or self.boss.client).ask("GET", f"/api/v1/reports/capitalization{door}?{period}org_id={self.org}&{query}", statuses={200})


class Finance(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.month = Month(cls)

    # ------------------------------------------------------------------------------------ the worked month

    def test_the_report_is_what_was_worked_out_by_hand(self):
        for by, name in GROUPS.items():
            with self.subTest(by=by):
                report = self.month.report(f"group_by={by}").json
                self.assertEqual((report["period"], report["group_by"], report["currency"], report["rule_set"]), (PERIOD, by, "EUR", "asc350"))
                self.assertEqual(report["totals"], TOTALS)
                self.assertEqual(report["excluded"], EXCLUDED)
                self.assertEqual(report["totals"]["total_minutes"] + sum(report["excluded"].values()), ALL_MINUTES)
                got = {(g[f"{by}_name"] or None): (g["total_minutes"], g["total_amount_cents"], g["capex_cents"], g["opex_cents"]) for g in report[name]}
                self.assertEqual(got, BY_GROUP[by])
                self.assertEqual([g[f"{by}_name"] for g in report[name]], sorted(g[f"{by}_name"] for g in report[name]))
                for group in report[name]:
                    lines = group["projects"]
                    self.assertEqual(sum(one["minutes"] for one in lines), group["total_minutes"])
                    self.assertEqual(sum(one["amount_cents"] or 0 for one in lines), group["total_amount_cents"])
                    self.assertEqual(sum(one["amount_cents"] or 0 for one in lines if one["capitalized"]), group["capex_cents"])

    def test_the_quarter_and_other_months(self):
        quarter = self.month.report("period=2026-Q1").json["totals"]
        self.assertEqual((quarter["total_minutes"], quarter["total_amount_cents"], quarter["capex_cents"]), (862, 73578, 28128))
        self.assertEqual(self.month.report("period=2026-04").json["totals"]["total_amount_cents"], 6600)  # 60 minutes at the new rate
        empty = self.month.report("period=2025-12").json
        self.assertEqual((empty["teams"], empty["totals"]["total_amount_cents"]), ([], 0))

    def test_csv(self):
        answer = self.month.report(door="/export")
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertEqual(answer.body.decode(), CSV.replace("\n", "\r\n"))
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        self.assertEqual(sum(round(float(row["amount"]) * 100) for row in rows), TOTALS["total_amount_cents"])
        self.assertFalse([cell for row in rows for cell in row.values() if cell[:1] in "=+-@\t" and cell])

    def test_csv_begins_with_a_byte_order_mark_where_it_is_asked_for(self):
        plain = self.month.report(door="/export").body
        self.assertEqual(self.month.report("bom=true", door="/export").body, b"\xef\xbb\xbf" + plain)
        self.assertEqual(self.month.report("bom=false", door="/export").body, plain)
        path = f"/api/v1/reports/capitalization{{}}?period={PERIOD}&org_id={self.month.org}&bom={{}}"
        self.refused(422, "GET", path.format("/export", "yes"), client=self.month.boss.client)
        self.refused(422, "GET", path.format("", "true"), client=self.month.boss.client)  # the report itself is JSON

    @unittest.skipUnless(shutil.which("soffice"), "LibreOffice is not installed")
    def test_csv_opens_in_libreoffice(self):
        folder = self.server.folder / "sheet"
        folder.mkdir()
        (folder / "report.csv").write_bytes(self.month.report(door="/export").body)
        subprocess.run(["soffice", "--headless", "--convert-to", "html", "--outdir", str(folder), str(folder / "report.csv")], check=True, timeout=server.PATIENCE_S,
                       env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sheet = (folder / "report.html").read_text(errors="replace")
        for text in ("Anchor", "=Cable", "364", "150.31"):
            self.assertIn(text, sheet)

    def test_explained(self):
        for by, group, project, minutes, cents in (("team", None, None, 802, 67578), ("team", "none", None, 30, 4000), ("cost_center", "C1", None, 302, 29457),
                                                   ("user", self.month.people["Cem"].id, "ANC", 60, 5200)):
            with self.subTest(by=by, group=group, project=project):
                query = f"group_by={by}" + (f"&group_id={group}" if group else "") + (f"&project_id={self.month.projects[project]}" if project else "")
                items, cursor = [], ""
                while True:
                    page = self.month.report(f"{query}&limit=4{cursor}", door="/explain").json
                    items += page["items"]
                    self.assertEqual((page["totals"]["total_minutes"], page["totals"]["total_amount_cents"]), (minutes, cents), "whatever the page")
                    if not page["has_more"]:
                        break
                    cursor = "&cursor=" + page["next_cursor"]
                self.assertEqual(sum(e["minutes"] for e in items if e["counted"]), minutes)
                self.assertEqual(sum(e["amount_cents"] for e in items if e["counted"]), cents)
                self.assertEqual([e["date"] for e in items], sorted(e["date"] for e in items))
        by_id = {e["time_entry_id"]: e for e in self.month.report("limit=200", door="/explain").json["items"]}
        shown = [(by_id[one]["hourly_rate_cents"], by_id[one]["rate_effective_from"], by_id[one]["amount_cents"], by_id[one]["capitalized"], by_id[one]["reason"])
                 for one in self.month.entries[:15]]
        self.assertEqual(shown, [(6000, "2026-01-01", 9000, True, None), (6600, "2026-03-16", 5500, True, None), (6600, "2026-03-16", 3850, False, "Opex"),
                                 (4550, "2026-01-01", 531, True, None), (4550, "2026-01-01", 36400, False, "Preliminary"), (5125, "2026-01-01", 854, True, None),
                                 (5200, "2026-03-10", 867, True, None), (5200, "2026-03-10", 5200, False, "Opex"), (2750, "2026-01-01", 688, True, None),
                                 (2750, "2026-01-01", 688, True, None), (None, None, None, False, "Unpriced"), (8000, "2026-03-15", 4000, True, None),
                                 (6600, "2026-03-16", 2750, False, "Draft"), (4550, "2026-01-01", 3033, False, "Submitted"), (5200, "2026-03-10", 4767, False, "Rejected")])
        first = by_id[self.month.entries[0]]
        self.assertEqual((first["logged_by"], first["approved_by"]), (self.month.people["Ada"].id, self.month.boss.id))
        self.assertEqual([e["type"] for e in first["events"]], ["time_entry.logged", "time_entry.submitted", "time_entry.approved"])
        self.assertEqual([e["by"] for e in first["events"]], [self.month.people["Ada"].id] * 2 + [self.month.boss.id])

    def test_time_report(self):
        path = f"/api/v1/reports/time?org_id={self.month.org}&from=2026-03-01&to=2026-03-31&group_by="
        for by in ("user", "project", "ticket", "team", "activity"):
            report = self.month.boss.client.get(path + by)
            self.assertEqual((report["totals"]["minutes"], report["totals"]["approved_minutes"], report["totals"]["amount_cents"]), (ALL_MINUTES, 922, 67578))
            self.assertEqual(sum(g["minutes"] for g in report["groups"]), ALL_MINUTES)
        today = self.month.boss.client.get(f"/api/v1/reports/time?org_id={self.month.org}")
        self.assertEqual((today["from"], today["groups"]), (today["to"][:8] + "01", []))
        report = self.month.boss.client.get(path + "ticket")
        self.assertEqual([(g["name"], g["minutes"]) for g in report["groups"]], [("ANC-1", 477), ("BEA-1", 480), ("CAB-1", 65), ("DIN-1", 20)])

    def test_budget(self):
        month = Month(self, {"Ada": PEOPLE["Ada"]}, WORK[:2])
        month.boss.client.patch(f"/api/v1/projects/{month.projects['ANC']}", {"budget_cents": 58000, "budget_period": "Quarterly"})
        month.work("Ada", "ANC", "2026-01-05", 60, None, "approve")  # 6000 of the same quarter
        line = month.report("include_budget=true").json["teams"][0]["projects"][0]
        self.assertEqual([line[k] for k in ("amount_cents", "budget_cents", "budget_period", "spent_cents", "remaining_cents", "percent_used")],
                         [14500, 58000, "Quarterly", 20500, 37500, 35.34])
        self.assertNotIn("budget_cents", month.report().json["teams"][0]["projects"][0])
        summary = month.boss.client.get(f"/api/v1/projects/{month.projects['ANC']}/summary")
        self.assertEqual(summary["hours_this_month"], "0.00")

    # ------------------------------------------------------------------------------------ who sees amounts

    def test_amounts_are_for_those_who_may_see_them(self):
        viewer, member = self.month.member(self.fresh("viewer"), "Viewer"), self.month.member(self.fresh("plain"), "Member")
        allowed = self.month.member(self.fresh("allowed"), "Viewer")
        self.month.boss.client.patch(f"/api/v1/orgs/{self.month.org}/members/{allowed.id}", {"can_view_finance": True})
        report = f"/api/v1/reports/time?org_id={self.month.org}&from=2026-03-01&to=2026-03-31"
        for who, sees in ((viewer, False), (member, False), (allowed, True), (self.month.admin, True)):
            with self.subTest(who=who.name, sees=sees):
                plain = self.month.report("include_budget=true", who.client).json
                self.assertEqual(plain["totals"]["total_minutes"], 802)
                self.assertEqual(plain["totals"]["total_amount_cents"], 67578 if sees else None)
                money = [v for g in [plain["totals"], *plain["teams"], *(p for t in plain["teams"] for p in t["projects"])] for k, v in g.items()
                         if k.endswith("_cents") and k != "budget_cents"]
                self.assertEqual({v is None for v in money} if not sees else {False}, {not sees})
                rows = list(csv.DictReader(io.StringIO(self.month.report("", who.client, "/export").body.decode(), newline="")))
                self.assertEqual({row["amount"] == "" for row in rows}, {not sees})
                entries = self.month.report("limit=200", who.client, "/explain").json
                self.assertEqual({e["amount_cents"] is None for e in entries["items"] if e["counted"]}, {not sees})
                self.assertEqual({e["hourly_rate_cents"] is None for e in entries["items"] if e["counted"]}, {not sees})
                compared = self.month.report("rule_set=asc350,ias38", who.client).json["comparison"]["projects"]
                self.assertEqual({p["difference_cents"] is None for p in compared}, {not sees})
                self.assertEqual(who.client.get(report)["totals"]["amount_cents"], 67578 if sees else None)
        for who in (viewer, member, allowed):
            self.assertEqual(who.client.ask("GET", f"/api/v1/users/{member.id}/orgs/{self.month.org}/labor-rates", statuses={403}).code, "role_too_low")

    def test_a_key_of_a_project_sees_that_project(self):
        key = self.month.boss.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"], "org_id": self.month.org, "project_ids": [self.month.projects["DIN"]]})["key"]
        narrow = self.server.client(key)
        self.assertEqual(self.month.report("", narrow).json["totals"]["total_amount_cents"], 1721)
        self.assertEqual({e["project_id"] for e in narrow.get(f"/api/v1/time-entries?org_id={self.month.org}&limit=200")["items"]}, {self.month.projects["DIN"]})

    # ------------------------------------------------------------------------------------ who has left

    def test_hours_of_somebody_who_left_get_a_price(self):
        month = Month(self, {}, [])
        boss, org = month.boss.client, month.org
        gone = month.member(self.fresh("gone"), "Member")
        rates = f"/api/v1/users/{gone.id}/orgs/{org}/labor-rates"
        project = boss.post("/api/v1/projects", {"org_id": org, "key": self.fresh("G").upper(), "name": "Left"})["id"]
        ticket = boss.post(f"/api/v1/projects/{project}/tickets", {"title": "Worked on"})["id"]
        entry = gone.client.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": "2026-02-10", "minutes": 60})["id"]
        gone.client.post(f"/api/v1/time-entries/{entry}/submit")
        boss.post(f"/api/v1/time-entries/{entry}/approve")
        boss.must("DELETE", f"/api/v1/orgs/{org}/members/{gone.id}")
        self.assertEqual(boss.get(rates)["items"], [])
        made = boss.post(rates, {"hourly_rate_cents": 7000, "effective_from": "2026-02-01"})
        self.assertEqual([r["id"] for r in boss.get(rates)["items"]], [made["id"]])
        total = boss.get(f"/api/v1/reports/time?org_id={org}&project_id={project}&from=2026-02-01&to=2026-02-28")["totals"]
        self.assertEqual((total["minutes"], total["amount_cents"]), (60, 7000))
        stranger = Person(self.server, self.fresh("nobody") + "@example.com", "Nobody")
        for who in (stranger.id, random_id()):
            for method, body in (("GET", None), ("POST", {"hourly_rate_cents": 1, "effective_from": "2026-02-01"})):
                self.assertEqual(boss.ask(method, f"/api/v1/users/{who}/orgs/{org}/labor-rates", body).status, 404)

    # ------------------------------------------------------------------------------------ what if

    def test_what_if_stores_nothing(self):
        head, ada = self.server.head(), self.month.people["Ada"].id
        plain = self.month.report().json
        # Ada's 175 minutes at 60.00 in place of 18350 cents: 67578 - 18350 + 17500
        self.assertEqual(self.month.report(f"rates={ada}:6000").json["totals"]["total_amount_cents"], 66728)
        # everybody at 60.00: (802 + 120) minutes at 100 cents; nothing is unpriced
        assumed = self.month.report("rates=*:6000").json
        self.assertEqual((assumed["totals"]["total_amount_cents"], assumed["excluded"]["unpriced"]), (92200, 0))
        self.assertEqual(self.month.report(f"rates=*:6000@2026-03-10,{ada}:0").json["totals"]["unpriced_minutes"], 7 + 480 + 10)
        for bad in ("x", "*:", "*:1.5", "*:-1", ada, f"{ada}:1@2026-13-01"):
            self.assertEqual(self.month.boss.client.ask("GET", f"/api/v1/reports/capitalization?period={PERIOD}&org_id={self.month.org}&rates={bad}").status, 422)
        self.assertEqual(self.month.report().json, plain)
        self.assertEqual(self.server.head(), head)

    def test_rule_sets(self):
        month = Month(self)
        anchor = month.projects["ANC"]
        facts = {"authorized_on": "2026-01-10", "funded_on": "2026-02-01", "probable_from": "2026-03-03", "uncertainty_resolved_on": "2026-03-03", "ready_on": "2026-03-20"}
        self.assertEqual({k: v for k, v in month.boss.client.patch(f"/api/v1/projects/{anchor}", facts).items() if k in facts}, facts)
        # By dated facts Anchor's 531 (on the third) and 5500 are capitalized; 9000 came too early, 4000 too late.
        self.assertEqual(month.report("rule_set=asu2025_06").json["totals"]["capex_cents"], 6031)
        self.assertEqual(month.report("rule_set=ias38").json["totals"]["capex_cents"], 6031)
        month.boss.client.patch(f"/api/v1/projects/{month.projects['BEA']}", facts)  # Preliminary: ias38 has phases, the other has not
        self.assertEqual(month.report("rule_set=asu2025_06").json["totals"]["capex_cents"], 6031 + 36400)
        self.assertEqual(month.report("rule_set=ias38").json["totals"]["capex_cents"], 6031)
        two = month.report("rule_set=asc350,asu2025_06").json
        self.assertEqual(two["totals"]["capex_cents"], 22128, "the first one makes the report")
        self.assertEqual([(p["project_name"], p["capex_cents"]["asc350"], p["capex_cents"]["asu2025_06"], p["difference_cents"]) for p in two["comparison"]["projects"]],
                         [("=Cable", 1376, 0, -1376), ("Anchor", 19031, 6031, -13000), ("Beacon", 0, 36400, 36400), ("Dinghy", 1721, 0, -1721)])
        reasons = {e["date"]: e["reason"] for e in month.report(f"rule_set=asu2025_06&limit=200&project_id={anchor}", door="/explain").json["items"] if e["counted"]}
        self.assertEqual(reasons, {"2026-03-02": "NotProbable", "2026-03-03": None, "2026-03-11": "Opex", "2026-03-16": None, "2026-03-31": "ReadyForUse"})
        self.assertEqual(self.refused(422, "GET", f"/api/v1/reports/capitalization?period={PERIOD}&rule_set=ifrs").faults, {"/rule_set/0": "not_one_of"})

    # ------------------------------------------------------------------------------------ what stays

    def test_the_same_position_gives_the_same_bytes(self):
        month = Month(self)
        queries = [f"group_by={by}" for by in GROUPS if by != "user"] + ["include_budget=true", "rule_set=asc350,ias38", "period=2026-Q1"]
        kept = {q: month.report(q) for q in queries}
        kept_csv = month.report("", door="/export").body
        position, ask = kept[queries[0]].json["position"], month.boss.client
        ask.patch(f"/api/v1/projects/{month.projects['ANC']}", {"name": "Renamed", "budget_cents": 5, "development_phase": "PostImplementation", "cost_center_id": "C9"})
        self.assertEqual(self.refused(409, "PATCH", f"/api/v1/orgs/{month.org}", {"currency": "USD"}, client=ask).code, "currency_fixed")
        ask.patch(f"/api/v1/teams/{ask.get(f'/api/v1/orgs/{month.org}/teams')['items'][0]['id']}", {"name": "Zeta"})
        month.rate(month.people["Ada"], "2026-03-01", 1)
        ask.post(f"/api/v1/time-entries/{month.entries[0]}/reopen", {"reason": "wrong day"})
        month.people["Ada"].client.patch(f"/api/v1/time-entries/{month.entries[0]}", {"date": "2026-03-05", "minutes": 1})
        month.people["Ada"].client.must("DELETE", f"/api/v1/time-entries/{month.entries[12]}")
        month.work("Dea", "DIN", "2026-03-25", 100, None, "approve")
        self.assertNotEqual(month.report(queries[0]).json["totals"], TOTALS)
        for query, answer in kept.items():
            with self.subTest(query=query):
                self.assertEqual(month.report(f"{query}&as_of={position}").body, answer.body)
        self.assertEqual(month.report(f"as_of={position}", door="/export").body, kept_csv)
        self.assertEqual(month.report(f"as_of={position}", door="/explain").json["totals"], TOTALS)

    def test_a_raise_changes_no_day_before_it(self):
        month = Month(self)
        month.rate(month.people["Ada"], "2026-03-17", 12000)  # 35 minutes on that day: 7000 in place of 3850
        self.assertEqual(month.report().json["totals"]["total_amount_cents"], 67578 + 3150)
        month.rate(month.people["Ada"], "2026-03-17", 6600, statuses={201})  # replaced by one of the same date
        self.assertEqual(month.report().json["totals"], TOTALS)
        rates = month.boss.client.get(f"/api/v1/users/{month.people['Ada'].id}/orgs/{month.org}/labor-rates")["items"]
        self.assertEqual([(r["effective_from"], r["effective_until"], r["hourly_rate_cents"]) for r in rates],
                         [("2026-01-01", "2026-03-16", 6000), ("2026-03-16", "2026-03-17", 6600), ("2026-03-17", None, 6600)])

    def test_an_entry_keeps_what_held_on_its_day(self):
        month = Month(self)
        ask = month.boss.client
        ask.patch(f"/api/v1/tickets/{month.tickets['ANC']}", {"project_id": month.projects["CAB"]})
        ask.patch(f"/api/v1/projects/{month.projects['ANC']}", {"capitalization_type": "Opex", "development_phase": "PostImplementation"})
        self.assertEqual(month.report().json["totals"], TOTALS)
        self.assertEqual(ask.get(f"/api/v1/time-entries/{month.entries[0]}")["project_id"], month.projects["ANC"])
        for path in (f"tickets/{month.tickets['ANC']}", f"projects/{month.projects['ANC']}"):
            refused = ask.ask("DELETE", "/api/v1/" + path, statuses={409})
            self.assertEqual((refused.code, refused.json["count"] > 5), ("in_use", True))

    # ------------------------------------------------------------------------------------ states, days, limits

    def test_states_and_limits(self):
        month = Month(self, {"Ada": PEOPLE["Ada"], "Ben": PEOPLE["Ben"]}, [])
        ada, ask = month.people["Ada"].client, month.boss.client
        self.assertEqual(month.log("Ada", "ANC", "2026-03-02", 1441).status, 422)
        self.assertEqual(ada.ask("POST", f"/api/v1/tickets/{month.tickets['ANC']}/time-entries", {"date": "2026-03-02", "hours": 0.33}).faults, {"/hours": "not_whole_minutes"})
        entry = ada.post("/api/v1/tickets/ANC-1/time-entries", {"date": "2026-03-02", "hours": 1.5, "activity": "coding"})
        self.assertEqual((entry["minutes"], entry["hours"], entry["status"], entry["version"]), (90, 1.5, "Draft", 1))
        self.assertEqual(month.log("Ada", "DIN", "2026-03-02", 1351).faults, {"/minutes": "day_full"})
        self.assertEqual(month.log("Ada", "DIN", "2026-03-02", 1350).status, 201)
        self.assertEqual(month.log("Ada", "DIN", "2999-01-01", 1).faults, {"/date": "in_the_future"})
        path = f"/api/v1/time-entries/{entry['id']}"
        self.assertEqual(month.people["Ben"].client.ask("PATCH", path, {"minutes": 1}, statuses={403}).code, "not_yours")
        self.assertEqual(ask.ask("POST", path + "/submit", statuses={403}).code, "not_yours")
        self.assertEqual(ask.ask("POST", path + "/approve", statuses={409}).code, "wrong_state")
        dry = ada.ask("POST", path + "/submit?dry_run=true", statuses={200}).json
        self.assertEqual((dry["status"], [e["type"] for e in dry["events"]]), ("Submitted", ["time_entry.submitted"]))
        self.assertEqual(ada.post(path + "/submit")["status"], "Submitted")
        self.assertEqual(ada.ask("PATCH", path, {"minutes": 1}, statuses={409}).code, "entry_locked")
        self.assertEqual(ada.ask("POST", path + "/approve", statuses={403}).code, "role_too_low")
        self.refused(422, "POST", path + "/reject", {}, client=ask)
        self.assertEqual(ask.post(path + "/reject", {"reason": "Too long"})["reason"], "Too long")
        again = ada.patch(path, {"hours": 1})
        self.assertEqual((again["status"], again["minutes"], again["version"]), ("Draft", 60, 4))
        ada.post(path + "/submit")
        approved = ask.post(path + "/approve")
        self.assertEqual((approved["status"], approved["approved_by"], approved["self_approved"]), ("Approved", month.boss.id, False))
        self.assertEqual(ada.ask("DELETE", path, statuses={409}).code, "entry_locked")
        self.assertEqual(ask.post(path + "/reopen", {"reason": "Wrong ticket"})["status"], "Draft")
        self.assertEqual(ada.get(path + "?as_of=" + str(self.server.head() - 1))["status"], "Approved")
        ada.must("DELETE", path)
        ada.ask("GET", path, statuses={404})

    def test_nobody_approves_himself_save_the_only_admin(self):
        month = Month(self, {"Ada": PEOPLE["Ada"]}, [])
        ask = month.boss.client
        entry = ask.post("/api/v1/tickets/ANC-1/time-entries", {"date": "2026-03-02", "minutes": 5})["id"]
        ask.post(f"/api/v1/time-entries/{entry}/submit")
        for action, body in (("approve", None), ("reject", {"reason": "x"})):
            self.assertEqual(ask.ask("POST", f"/api/v1/time-entries/{entry}/{action}", body, statuses={403}).code, "own_entry")
        ask.must("DELETE", f"/api/v1/orgs/{month.org}/members/{month.admin.id}")
        self.assertEqual(ask.post(f"/api/v1/time-entries/{entry}/approve")["self_approved"], True)
        explained = month.report(door="/explain").json["items"][0]
        self.assertEqual((explained["self_approved"], explained["logged_by"]), (True, explained["approved_by"]))

    def test_batches(self):
        month = Month(self, {"Ada": PEOPLE["Ada"], "Ben": PEOPLE["Ben"]}, [("Ada", "ANC", "2026-03-02", 1, None, None)] * 3 + [("Ben", "ANC", "2026-03-02", 1, None, None)])
        ada, batch = month.people["Ada"].client, "/api/v1/time-entries/batch"
        done = ada.post(batch, {"ids": month.entries, "action": "submit"})
        self.assertEqual([r["status"] for r in done["results"]], [200, 200, 200, 403])
        self.assertEqual((done["succeeded"], done["failed"], done["results"][3]["error"]["code"]), (3, 1, "not_yours"))
        head = self.server.head()
        refused = month.boss.client.ask("POST", batch, {"ids": month.entries, "action": "approve", "atomic": True}, statuses={422})
        self.assertEqual((refused.faults, self.server.head()), ({"/ids/3": "wrong_state"}, head))
        self.assertEqual(month.boss.client.post(batch, {"ids": month.entries[:3], "action": "approve", "atomic": True})["succeeded"], 3)
        self.assertEqual(self.refused(422, "POST", batch, {"ids": month.entries, "action": "reject"}, client=month.boss.client).faults, {"/reason": "reason_required"})
        self.assertEqual(month.boss.client.post(batch, {"ids": month.entries[:1], "action": "reopen", "reason": "x"})["succeeded"], 1)
        write_key = self.server.client(month.boss.client.post("/api/v1/api-keys", {"name": "w", "scopes": ["write"]})["key"])
        self.assertEqual(write_key.ask("POST", batch, {"ids": month.entries[:1], "action": "approve"}, statuses={403}).code, "scope_missing")

    def test_lists(self):
        ask, org = self.month.boss.client, self.month.org
        everything = ask.pages(f"/api/v1/time-entries?org_id={org}", 5)[0]
        self.assertEqual(len(everything), len(WORK))
        self.assertEqual([e["date"] for e in everything], sorted(e["date"] for e in everything))
        for query, holds in (("status=Approved", lambda e: e["status"] == "Approved"), ("status=Draft,Rejected", lambda e: e["status"] in ("Draft", "Rejected")),
                             ("status=Submitted", lambda e: e["status"] == "Submitted"), ("project_id=ANC", lambda e: e["project_id"] == self.month.projects["ANC"]),
                             ("ticket_id=DIN-1", lambda e: e["ticket_id"] == self.month.tickets["DIN"]),
                             (f"user_id={self.month.people['Cem'].id}", lambda e: e["user_id"] == self.month.people["Cem"].id),
                             ("from=2026-03-10&to=2026-03-16", lambda e: "2026-03-10" <= e["date"] <= "2026-03-16"),
                             (f"user_id={self.month.people['Cem'].id}&status=Approved&from=2026-03-10&project_id=ANC",
                              lambda e: e["minutes"] == 60 and e["date"] == "2026-03-11")):
            for limit in (1, 3, 200):
                with self.subTest(query=query, limit=limit):
                    self.assertEqual(ask.pages(f"/api/v1/time-entries?org_id={org}&{query}", limit)[0], [e for e in everything if holds(e)])

    def test_today_is_that_of_the_organization(self):
        for zone, at_least in (("Pacific/Kiritimati", 0), ("Pacific/Pago_Pago", 0)):
            month = Month(self, {"Ada": PEOPLE["Ada"]}, [])
            month.boss.client.patch(f"/api/v1/orgs/{month.org}", {"time_zone": zone})
            today = month.boss.client.get(f"/api/v1/projects/{month.projects['ANC']}/flow")["to"]
            self.assertEqual(month.log("Ada", "ANC", today, 1).status, 201)
            after = subprocess.run(["date", "-u", "-d", today + " + 1 day", "+%F"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
            self.assertIn(month.log("Ada", "ANC", after, 1).status, (422, 201) if at_least else (422,))

    # ------------------------------------------------------------------------------------ periods

    def test_closing_a_month(self):
        month = Month(self)
        ask, ada, periods = month.boss.client, month.people["Ada"].client, f"/api/v1/orgs/{month.org}/periods"
        draft, submitted, rejected = month.entries[12:15]
        before = month.report().json
        closed = month.admin.client.post(f"{periods}/{PERIOD}/close")
        self.assertEqual((closed["status"], closed["report_position"], closed["digest"], closed["minor_digits"]), ("Closed", before["position"], before["digest"], 2))
        self.assertEqual([closed[k] for k in ("total_minutes", "total_amount_cents", "capex_cents", "opex_cents", "excluded")], [802, 67578, 22128, 45450, EXCLUDED])
        self.assertEqual(month.report(f"as_of={closed['report_position']}").json["digest"], closed["digest"])
        cem = month.people["Cem"].client
        may = month.work("Ada", "ANC", "2026-05-04", 5, None, None)
        for who, method, path, body in (
                (ada, "POST", f"tickets/{month.tickets['ANC']}/time-entries", {"date": "2026-03-31", "minutes": 1}),
                (ada, "PATCH", f"time-entries/{draft}", {"minutes": 1}), (ada, "DELETE", f"time-entries/{draft}", None),
                (ada, "POST", f"time-entries/{draft}/submit", None), (ada, "PATCH", f"time-entries/{may}", {"date": "2026-03-01"}),
                (cem, "POST", f"time-entries/{rejected}/submit", None), (ask, "POST", f"time-entries/{submitted}/approve", None),
                (ask, "POST", f"time-entries/{submitted}/reject", {"reason": "x"}), (ask, "POST", f"time-entries/{month.entries[0]}/reopen", {"reason": "x"}),
                (ask, "POST", f"users/{month.people['Ada'].id}/orgs/{month.org}/labor-rates", {"hourly_rate_cents": 1, "effective_from": "2026-03-17"}),
                (ask, "POST", f"users/{month.people['Eve'].id}/orgs/{month.org}/labor-rates", {"hourly_rate_cents": 1, "effective_from": "2026-01-01"})):
            with self.subTest(method=method, path=path):
                refused = who.ask(method, "/api/v1/" + path, body, statuses={409})
                self.assertEqual((refused.code, refused.json["period"]), ("period_closed", PERIOD))
        month.rate(month.people["Ada"], "2026-04-01", 9999, statuses={201})  # begins behind it
        month.rate(month.people["Ada"], "2025-12-01", 9999, statuses={201})  # ends before it
        self.assertEqual(month.report().json["totals"], TOTALS)
        late = month.log("Ada", "ANC", "2026-04-02", 10, adjusts=PERIOD)
        self.assertEqual((late.status, late.json["adjusts"]), (201, PERIOD))
        self.assertEqual(month.log("Ada", "ANC", "2026-04-02", 10, adjusts="2026-01").faults, {"/adjusts": "not_closed"})
        self.assertEqual(ask.ask("POST", f"{periods}/{PERIOD}/close", statuses={409}).code, "wrong_state")
        self.assertEqual(month.admin.client.ask("POST", f"{periods}/{PERIOD}/reopen", {"reason": "x"}, statuses={403}).code, "role_too_low")
        self.assertEqual(ask.ask("POST", f"{periods}/{PERIOD}/reopen", {}, statuses={422}).faults, {"/reason": "required"})
        ask.post(f"{periods}/2026-02/close")
        reopened = ask.post(f"{periods}/{PERIOD}/reopen", {"reason": "A bill came late"})
        self.assertEqual((reopened["status"], reopened["reason"], reopened["digest"]), ("Reopened", "A bill came late", closed["digest"]))
        self.assertEqual(ada.patch(f"/api/v1/time-entries/{draft}", {"minutes": 1})["minutes"], 1)
        self.assertEqual([(p["period"], p["status"]) for p in ask.get(periods)["items"]], [("2026-02", "Closed"), (PERIOD, "Reopened")])
        self.assertEqual({p["total_amount_cents"] for p in ada.get(periods)["items"]}, {None})
        self.assertEqual(ask.post(f"{periods}/{PERIOD}/close")["version"], 3)
        ask.ask("POST", f"{periods}/2999-01/close", statuses={409})


if __name__ == "__main__":
    server.main()
