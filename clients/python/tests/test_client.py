"""The client, against a real service with its embedded judge."""

from __future__ import annotations

import base64
import io
import json
import os
import tempfile
import threading
import unittest
import unittest.mock
from pathlib import Path

from opine_client import Client, Picture, Problem, Unreachable, UnscoredError, contract, item, until_accepted

from service import BLURRED, CLEAN, NOISY, Service, new_key

class Against(unittest.TestCase):
    service: Service
    opine: Client

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__)
        cls.service.__enter__()
        cls.opine = Client(cls.service.address)
        cls.addClassCleanup(cls.opine.close)


class Scores(Against):
    def test_a_better_image_has_a_better_score_whatever_it_is_given_as(self) -> None:
        content = CLEAN.read_bytes()
        kinds = [
            str(CLEAN),
            CLEAN,
            content,
            bytearray(content),
            memoryview(content),
            "data:image/jpeg;base64," + base64.b64encode(content).decode(),
            Pillow(content),
        ]
        results = self.opine.score_all(kinds)
        self.assertEqual(len({result.value for result in results}), 1)
        self.assertLess(self.opine.score(BLURRED).value, results[0].value)
        # Two files of one name have their places for names.
        self.assertEqual([result.image for result in results], [str(place) for place in range(len(kinds))])
        self.assertEqual(self.opine.score(CLEAN).image, "clean.jpg")

    def test_what_has_no_score_gives_no_number_and_says_why(self) -> None:
        bad, good = self.opine.score_all([Picture(b"no picture", id="bad"), CLEAN])
        self.assertIsNone(bad.score)
        self.assertIsNone(bad.calibrated)
        self.assertIsNone(bad.opinion)
        self.assertEqual((bad.reason or "")[:6], "image_")
        with self.assertRaises(UnscoredError) as raised:
            bad.value
        self.assertEqual((raised.exception.image, raised.exception.reason), ("bad", bad.reason))
        self.assertIsInstance(good.score, float)

    def test_options_of_the_contract_reach_the_service(self) -> None:
        result = self.opine.score(CLEAN, judge="technical-quality", explain=True)
        self.assertIn("explanation", result.raw)
        self.assertEqual(result.provenance["judge"], "technical-quality")
        panel = self.opine.score(CLEAN, judges=["technical-quality"])
        self.assertAlmostEqual(panel.value, result.value, places=9)

    def test_a_url_is_left_to_the_service_which_reads_none_by_default(self) -> None:
        result = self.opine.score("https://images.example.org/cover.jpg")
        self.assertEqual((result.score, result.reason), (None, "image_url_off"))

    def test_threads_share_a_client(self) -> None:
        found: list[float] = []
        threads = [threading.Thread(target=lambda: found.append(self.opine.score(CLEAN).value)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(found), len(set(found))), (8, 1))


class Pillow:
    """What Pillow's images can do, as far as the client asks it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def save(self, fp: io.BytesIO, format: str) -> None:
        assert format == "PNG"
        fp.write(self.content)


class Several(Against):
    def test_pairs_and_rankings_prefer_the_clean_image(self) -> None:
        pair = self.opine.compare(BLURRED, CLEAN)
        self.assertEqual((pair.preference, pair.reason), ("second", None))
        self.assertGreater(pair.second_better or 0.0, pair.first_better or 0.0)
        ranking = self.opine.rank([BLURRED, CLEAN, NOISY], method="scores")
        self.assertEqual(ranking["items"][0]["item"], "clean.jpg")

    def test_a_pair_that_cannot_be_compared_has_no_probabilities(self) -> None:
        pair = self.opine.compare(b"no picture", CLEAN)
        self.assertEqual([pair.preference, pair.first_better, pair.second_better, pair.tie], [None] * 4)
        self.assertEqual((pair.reason or "")[:6], "image_")

    def test_the_best_is_picked_and_never_one_without_a_score(self) -> None:
        best = self.opine.best_of([Picture(b"no picture", id="bad"), NOISY, CLEAN], tripwires=False)
        self.assertEqual((best["pick"], best["unscored"]), ("clean.jpg", ["bad"]))
        self.assertIsNone(self.opine.best_of([b"no picture"])["pick"])

    def test_a_gate_accepts_what_its_policy_accepts(self) -> None:
        reply = self.opine.gate([CLEAN, BLURRED, b"no picture"], "sharp")
        verdicts = [result["verdict"] for result in reply["results"]]
        self.assertEqual(verdicts[0], "accept")
        self.assertNotIn("accept", verdicts[1:])

    def test_a_loop_ends_with_what_is_accepted_or_when_it_is_not_worth_more(self) -> None:
        tries = [BLURRED, CLEAN, NOISY]
        outcome = until_accepted(self.opine, lambda number: tries[number - 1], "sharp", most_attempts=3)
        self.assertEqual((outcome.stop, len(outcome.attempts)), ("quality_threshold_met", 2))
        self.assertEqual(outcome.accepted, outcome.best)
        # Each request tells of the attempts before it.
        self.assertEqual([attempt.outlook["number"] for attempt in outcome.attempts], [1, 2])
        self.assertGreater(outcome.attempts[1].outlook["questions"], outcome.attempts[0].outlook["questions"])
        spent = until_accepted(self.opine, lambda number: [b"no picture", BLURRED][number - 1], "sharp", most_attempts=2)
        self.assertEqual((spent.stop, spent.accepted), ("max_attempts", None))
        self.assertEqual(spent.best.image, BLURRED)

    def test_an_audit_is_asked_for_in_rows(self) -> None:
        judged = [{"id": str(place), "score": place / 20} for place in range(20)]
        human = [{"id": str(place), "human": (place * 7) % 20} for place in range(20)]
        audit = self.opine.audit(judged, human, judge="mine", seed=3)
        self.assertEqual(self.opine.audit(judged, human, judge="mine", seed=3), audit)
        with self.assertRaises(Problem):
            self.opine.audit(judged, [])
        with self.assertRaises(ValueError):
            self.opine.audit(judged, human, format="html")

    def test_labels_are_kept_as_they_arrive_and_forgotten_on_demand(self) -> None:
        labels = [{"id": str(place), "judged": place / 30, "human": place * 7 % 30} for place in range(30)]
        self.opine.take_labels("technical-quality", labels)
        self.assertEqual(self.opine.rolling_agreement("technical-quality", window=20)["n"], 30)
        self.opine.forget_labels("technical-quality")
        self.assertEqual(self.opine.rolling_agreement("technical-quality", window=20)["n"], 0)
        with self.assertRaises(Problem) as raised:
            self.opine.calibration("none")
        self.assertEqual(raised.exception.status, 404)
        with self.assertRaises(Problem) as raised:
            self.opine.fit_calibration("isotonic", [{"id": "a", "score": 0.5}], [{"id": "a", "human": 3}])
        self.assertEqual(raised.exception.status, 422)

    def test_a_release_is_judged_by_scores_of_the_same_prompts(self) -> None:
        def item_of(prompt: int, system: str, shift: float) -> contract.ReleaseRequestItem:
            return {"prompt": str(prompt), "system": system, "scores": {"quality": prompt % 7 / 10 + shift + prompt % 3 / 1000}}

        items = [item_of(prompt, system, shift) for prompt in range(40) for system, shift in (("old", 0.0), ("new", 0.1))]
        self.assertTrue(self.opine.release(items, new="new", old="old")["passed"])
        self.assertFalse(self.opine.release(items, new="old", old="new")["passed"])

    def test_an_evaluation_without_questions_is_refused(self) -> None:
        with self.assertRaises(Problem):
            self.opine.evaluate([CLEAN], method="dsg", judge="technical-quality")

    def test_pictures_are_judged_by_what_was_detected_in_them(self) -> None:
        cat = {"class": "cat", "count": 2}
        seen = [{"class": "cat", "score": 0.95, "box": [0, 0, 9, 9]}, {"class": "cat", "score": 0.92, "box": [20, 0, 29, 9]}]
        reply = self.opine.geneval(
            [
                {"id": "two", "tag": "counting", "include": [cat], "detections": seen},
                {"id": "one", "tag": "counting", "include": [cat], "detections": seen[:1]},
            ]
        )
        self.assertEqual([result["score"] for result in reply["results"]], [1.0, 0.0])
        self.assertEqual(reply["summary"]["tasks"][0]["correct"], 1)

    def test_a_question_that_no_judge_here_can_answer_is_refused_by_name(self) -> None:
        with self.assertRaises(Problem) as raised:
            self.opine.choose([CLEAN], "technical-quality", question="Is there a dog?", answers=["yes", "no"])
        self.assertEqual(raised.exception.code, "wrong_protocol")


class Judges(Against):
    def test_judges_are_listed_and_shown(self) -> None:
        listed = self.opine.judges()["judges"]
        judge = self.opine.judge("technical-quality")
        self.assertIn(judge, listed)
        self.assertEqual((judge["protocol"], judge["state"]), ("score", "ready"))

    def test_any_operation_is_called_by_its_id(self) -> None:
        self.assertEqual(self.opine.call("health")["status"], "ok")
        self.assertEqual(self.opine.reload()["changed"], [])


class Problems(Against):
    def test_a_refusal_says_what_where_and_what_would_have_worked(self) -> None:
        with self.assertRaises(Problem) as raised:
            self.opine.score(CLEAN, judge="technical-qualty")
        problem = raised.exception
        self.assertEqual((problem.status, problem.code, problem.pointer), (404, "unknown_judge", "/judge"))
        self.assertIn("technical-quality", problem.detail)
        self.assertTrue(problem.hint and problem.request_id and problem.request_id in str(problem))
        self.assertIn(problem.code, contract.Code.__args__)

    def test_the_same_key_gets_the_same_reply_and_no_other_request(self) -> None:
        key = "one-thing-that-is-asked-for"
        first = self.opine.score(CLEAN, idempotency_key=key)
        self.assertEqual(self.opine.score(CLEAN, idempotency_key=key).raw, first.raw)
        with self.assertRaises(Problem) as raised:
            self.opine.score(BLURRED, idempotency_key=key)
        self.assertEqual(raised.exception.code, "idempotency_key_reused")

    def test_nobody_there_is_no_problem_of_the_service(self) -> None:
        with self.assertRaises(Unreachable):
            Client("http://127.0.0.1:1", tries=2, patience=1.0).judges()
        with self.assertRaises(ValueError):
            Client("127.0.0.1:8080")
        with self.assertRaises(TypeError):
            self.opine.score(17)  # type: ignore[arg-type]

    def test_numbers_that_json_has_not_are_not_sent(self) -> None:
        with self.assertRaises(ValueError):
            self.opine.rank([CLEAN, BLURRED], ridge=float("nan"))


class Keys(unittest.TestCase):
    def test_a_key_is_shown_and_a_missing_one_is_told(self) -> None:
        key, table = new_key("read")
        with Service(table) as service:
            with Client(service.address, key=key) as opine:
                self.assertTrue(opine.judges()["judges"])
                with self.assertRaises(Problem) as raised:
                    opine.score(CLEAN)
                self.assertEqual((raised.exception.status, raised.exception.code), (403, "forbidden"))
            with Client(service.address, tries=1) as opine, self.assertRaises(Problem) as raised:
                opine.judges()
            self.assertEqual(raised.exception.code, "missing_key")
            with unittest.mock.patch.dict(os.environ, {"OPINE_ADDRESS": service.address, "OPINE_KEY": key}):
                with Client() as opine:
                    self.assertTrue(opine.judges()["judges"])


class Waiting(unittest.TestCase):
    def test_a_full_service_is_asked_again_and_at_most_so_often(self) -> None:
        key, table = new_key("score", "--rate", "1/s", "--burst", "1")
        with Service(table) as service, Client(service.address, key=key) as opine:
            for _ in range(2):
                self.assertGreater(opine.score(CLEAN).value, 0.0)
            with Client(service.address, key=key, tries=1) as hasty, self.assertRaises(Problem) as raised:
                for _ in range(10):
                    hasty.score(CLEAN)
            self.assertEqual((raised.exception.status, raised.exception.code), (429, "rate_limited"))
            self.assertGreaterEqual(raised.exception.retry_after or 0.0, 1.0)

    def test_what_would_take_too_long_is_raised_at_once(self) -> None:
        key, table = new_key("score", "--quota", "1/day")
        with Service(table) as service, Client(service.address, key=key) as opine:
            opine.score(CLEAN)
            with unittest.mock.patch("time.sleep") as slept, self.assertRaises(Problem) as raised:
                opine.score(CLEAN)
            self.assertEqual(raised.exception.code, "quota_spent")
            slept.assert_not_called()


class Jobs(Against):
    def test_a_job_is_sent_waited_for_and_read(self) -> None:
        lines = [item(CLEAN, id="clean"), item(b"no picture", id="bad"), item(BLURRED, id="blurred")]
        job = self.opine.jobs.submit(iter(lines), "score", judge="technical-quality")
        results = list(self.opine.jobs.results(job["id"]))
        self.assertEqual([(line["id"], line["status"]) for line in results], [("clean", "done"), ("bad", "unscored"), ("blurred", "done")])
        self.assertIsNone(results[1]["result"]["score"])
        self.assertEqual(self.opine.jobs.wait(job["id"], timeout=60)["items"]["waiting"], 0)
        self.assertEqual([line["item"] for line in self.opine.jobs.results(job["id"], after=1)], [2])
        self.assertIn(job["id"], [found["id"] for found in self.opine.jobs.list()])
        self.opine.jobs.delete(job["id"])
        with self.assertRaises(Problem) as raised:
            self.opine.jobs.show(job["id"])
        self.assertEqual(raised.exception.code, "unknown_job")

    def test_results_come_while_the_job_goes_on(self) -> None:
        images = [CLEAN, BLURRED, NOISY]
        job = self.opine.jobs.submit((item(images[place % 3], id=str(place)) for place in range(40)), "score")
        self.assertEqual([line["item"] for line in self.opine.jobs.results(job["id"])], list(range(40)))

    def test_a_job_of_pairs_in_a_file_ends_finished(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            manifest = Path(folder) / "pairs.jsonl"
            manifest.write_text(json.dumps(item(BLURRED, CLEAN, id="pair")))
            job = self.opine.jobs.submit(manifest, "compare", by="thurstone")
        self.assertEqual(self.opine.jobs.wait(job["id"], timeout=60)["state"], "finished")
        (line,) = self.opine.jobs.results(job["id"], follow=False)
        self.assertEqual(line["result"]["preference"], "second")
        with self.assertRaises(Problem) as raised:
            self.opine.jobs.resume(job["id"])
        self.assertEqual(raised.exception.code, "job_finished")

    def test_a_wait_that_is_too_long_is_told(self) -> None:
        # Files that differ behind their picture are asked about one by one.
        content = CLEAN.read_bytes()
        job = self.opine.jobs.submit((item(content + bytes([place]), id=str(place)) for place in range(200)), "score")
        with self.assertRaises(TimeoutError):
            self.opine.jobs.wait(job["id"], timeout=0.0)
        self.assertEqual(self.opine.jobs.cancel(job["id"])["state"], "cancelled")


if __name__ == "__main__":
    unittest.main()
