"""What is found by the words of its text: letters with strokes and ligatures, words inside scripts without spaces, names with
signs, emoji; before and after the index is made anew."""
import shutil
import unittest
from urllib.parse import quote

import server
from workshop import Workshop

# The text of a ticket; what finds it; what does not.
TEXTS = (
    ("Przesyłka do Łodzi: ŁÓDŹ", ("łódź", "lodz", "LODZ", "Łodz", "przesylka", '"do lodzi"'), ("lod z", '"lodzi do"')),
    ("Smørrebrød på Ærø", ("smorrebrod", "SMØRREBRØD", "aero", "Ærø", "ærø"), ("smrrebrd",)),
    ("Đorđe i Ħamrun", ("dorde", "đorđe", "hamrun", "ħamrun"), ("orde",)),
    ("Un œuf à Guðrún Þórsdóttir", ("oeuf", "ŒUF", "gudrun", "thorsdottir"), ("euf",)),
    ("Weiße Straße", ("strasse", "STRASSE", "straße", "STRAẞE", "weisse"), ("strase",)),
    ("Diyarbakır IŞIK", ("diyarbakir", "DİYARBAKIR", "ışık", "isik"), ("diyarbak r",)),
    ("ระบบแจ้งเตือนภาษาไทยทำงานช้า", ("ภาษาไทย", "ไทย", "แจ้งเตือน", '"ทำงาน"', "ท", "ช้า"), ("ภาษาลาว", "ไทยภาษา")),
    ("ລະບົບພາສາລາວ", ("ພາສາ", "ລາວ"), ("ໄທ",)),
    ("ប្រព័ន្ធភាសាខ្មែរ", ("ភាសា", "ខ្មែរ"), ("ថៃ",)),
    ("မြန်မာဘာသာစကား", ("ဘာသာ", "မြန်မာ", "စကား"), ("ထိုင်း",)),
    ("東京都の天気", ("天気", "京都", "東"), ("天京",)),
    ("Port to C++17", ("C++", "c++", "c++17", "C", '"C++ 17"', '"to c++"'), ("C#", "C+++")),
    ("Bindings for C# and F#", ("C#", "c#", "F#", "c", "C＃"), ("C++", "G#", ".C")),
    ("A plain C library", ("C", '"plain c library"'), ("C++", "C#", ".C")),
    ("Upgrade to .NET 8", (".NET", ".net", "net", '".NET 8"', ".ne"), (".network", "asp.net")),
    ("Ask ASP.NET and Node.js", ("asp.net", ".net", "node.js", ".js", '"asp net"'), (".node",)),
    ("net income network", ("net", '"net income"'), (".net",)),
    ("Launch 🚀 today", ("🚀", "launch🚀", '"🚀 today"'), ("🛰",)),
    ("Thanks 👍🏽", ("👍", "👍🏽", "👍🏿"), ("👎", "🏽")),
    ("Work of 👩🏾‍💻 and 👨‍👩‍👧", ("👩‍💻", "👩🏽‍💻", "👨‍👩‍👧"), ("💻", "👧")),
    ("Ship to 🇩🇪🇫🇷", ("🇩🇪", "🇫🇷"), ("🇪🇫", "🇮🇹")),
    ("Step 1️⃣ then #️⃣", ("1️⃣", "#️⃣", '"step 1⃣"'), ("2️⃣", "*️⃣")),
    ("I ❤️ it", ("❤", "❤️"), ("💔",)),
)


class Words(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "WORDS", "name": "Words"})["id"]
        cls.tickets = [cls.owner.post(f"/api/v1/projects/{cls.project}/tickets", {"title": text}) for text, _, _ in TEXTS]

    def find(self, q, project=None):
        return [t["id"] for t in self.owner.get(f"/api/v1/projects/{project or self.project}/tickets?limit=200&q={quote(q, safe='')}")["items"]]

    def hold_texts_against_queries(self):
        for (text, found_by, hidden_from), ticket in zip(TEXTS, self.tickets):
            for q in found_by:
                with self.subTest(text=text, q=q):
                    self.assertIn(ticket["id"], self.find(q))
            for q in hidden_from:
                with self.subTest(text=text, not_by=q):
                    self.assertNotIn(ticket["id"], self.find(q))

    def test_words_are_found_as_people_write_them(self):
        self.hold_texts_against_queries()

    def test_they_are_found_in_comments_and_by_an_index_that_was_made_anew(self):
        project = self.new_project()
        ticket = self.new_ticket(project)
        self.owner.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "ขอภาษาไทย และ C++ 🚀 Łódź"})
        for _ in range(2):
            for q in ("ไทย", "c++", "🚀", "lodz"):
                with self.subTest(q=q):
                    self.assertEqual(self.find(q, project), [ticket["id"]])
            self.owner.close()
            self.server.stop()
            shutil.rmtree(self.server.folder / "search")
            self.server.start()
            server.wait_until(lambda: self.owner.ask("GET", "/api/v1/tickets?q=x", statuses=(200, 503)).status == 200, "the index")
        self.hold_texts_against_queries()

    def test_what_means_itself_does_not_come_with_what_it_means_beside_it(self):
        titles = {q: {t["title"] for t in self.owner.get(f"/api/v1/projects/{self.project}/tickets?q={quote(q, safe='')}")["items"]}
                  for q in ("C++", "C#", ".NET", "C")}
        self.assertEqual(titles["C++"], {"Port to C++17"})
        self.assertEqual(titles["C#"], {"Bindings for C# and F#"})
        self.assertEqual(titles[".NET"], {"Upgrade to .NET 8", "Ask ASP.NET and Node.js"})
        self.assertLessEqual({"Port to C++17", "Bindings for C# and F#", "A plain C library"}, titles["C"])

    def test_signs_alone_are_no_words(self):
        for q in ("++", "#", ".", "→", "+ # ."):
            self.assertEqual(self.refused(422, "GET", f"/api/v1/tickets?q={quote(q, safe='')}").faults, {"/q": "no_words"})


if __name__ == "__main__":
    server.main()
