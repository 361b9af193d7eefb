#!/usr/bin/env python3
"""The reader of guides itself: that it refuses what it must."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import guide  # noqa: E402


def fence(language, body):
    return f"```{language}\n{body}\n```\n"


class Reading(unittest.TestCase):
    def test_a_command_takes_the_answer_behind_it(self):
        first, second = guide.steps(fence("bash", "echo 1") + "prose\n" + fence("json", "1") + fence("bash", "echo 2"))
        self.assertEqual((first.expected, second.language), (1, ""))

    def test_a_script_is_saved_under_its_name(self):
        self.assertEqual(guide.steps(fence("bash", "#!/usr/bin/env bash\n# report.sh: all of it\ncurl -sSf x"))[0].file, "report.sh")

    def test_an_answer_needs_a_command(self):
        for text in (fence("json", "1"), fence("bash", "echo 1") + fence("json", "1") + fence("json", "1")):
            self.assertRaises(guide.Malformed, guide.steps, text)

    def test_curl_must_be_able_to_fail(self):
        for command in ("curl -s x", "curl -s x\necho -f", "a=$(curl -s x | jq -f y)", "curl -sSf x; curl -s x"):
            self.assertRaises(guide.Malformed, guide.steps, fence("bash", command))
        for command in ("curl -sSf x", "curl --fail x", "curl -sSf -X POST \\\n  x", "curl -X POST -f x"):
            self.assertEqual(len(guide.steps(fence("bash", command))), 1)

    def test_a_fence_is_closed(self):
        self.assertRaises(guide.Malformed, guide.steps, "```bash\necho 1\n")


class Holding(unittest.TestCase):
    def holds(self, expected, actual):
        return guide.json_mismatch(expected, actual, "$") is None

    def test_objects_are_subsets(self):
        self.assertTrue(self.holds({"a": 1}, {"a": 1, "b": 2}))
        self.assertFalse(self.holds({"a": 1, "b": 2}, {"a": 1}))
        self.assertFalse(self.holds({"a": 1}, [1]))

    def test_lists_are_whole_unless_they_end_openly(self):
        self.assertTrue(self.holds([{"a": 1}], [{"a": 1, "b": 1}]))
        self.assertFalse(self.holds([1], [1, 2]))
        self.assertFalse(self.holds([], [1]))
        self.assertTrue(self.holds([1, "..."], [1, 2, 3]))
        self.assertFalse(self.holds([1, 2, "..."], [1]))

    def test_any_value_is_not_null(self):
        self.assertTrue(self.holds("...", 0))
        self.assertFalse(self.holds("...", None))

    def test_kinds_are_told_apart(self):
        self.assertFalse(self.holds(1, True))
        self.assertFalse(self.holds("1", 1))

    def test_text_is_held_line_by_line(self):
        self.assertIsNone(guide.text_mismatch(["a ... c"], ["a b c"]))
        self.assertIsNotNone(guide.text_mismatch(["a"], ["a", "b"]))
        self.assertIsNotNone(guide.text_mismatch(["a", "b"], ["a"]))


if __name__ == "__main__":
    unittest.main()
