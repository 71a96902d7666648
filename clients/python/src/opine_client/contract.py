"""The contract of Opine as types. Made from openapi.yaml by tools/generate.py; do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union

VERSION = "0.1.0"

# Method and path of each operation.
OPERATIONS: Dict[str, tuple[str, str]] = {
    "score": ("POST", "/v1/score"),
    "compare": ("POST", "/v1/compare"),
    "rank": ("POST", "/v1/rank"),
    "choose": ("POST", "/v1/choose"),
    "audit": ("POST", "/v1/agreement"),
    "takeLabels": ("POST", "/v1/agreement/{id}/labels"),
    "rollingAgreement": ("GET", "/v1/agreement/{id}"),
    "forgetLabels": ("DELETE", "/v1/agreement/{id}"),
    "submitJob": ("POST", "/v1/jobs"),
    "listJobs": ("GET", "/v1/jobs"),
    "showJob": ("GET", "/v1/jobs/{id}"),
    "deleteJob": ("DELETE", "/v1/jobs/{id}"),
    "cancelJob": ("POST", "/v1/jobs/{id}/cancel"),
    "resumeJob": ("POST", "/v1/jobs/{id}/resume"),
    "jobResults": ("GET", "/v1/jobs/{id}/results"),
    "jobEvents": ("GET", "/v1/jobs/{id}/events"),
    "gate": ("POST", "/v1/gate"),
    "evaluate": ("POST", "/v1/evaluate"),
    "bestOf": ("POST", "/v1/best-of"),
    "release": ("POST", "/v1/release"),
    "listJudges": ("GET", "/v1/judges"),
    "showJudge": ("GET", "/v1/judges/{id}"),
    "listCalibrations": ("GET", "/v1/calibrations"),
    "fitCalibration": ("POST", "/v1/calibrations"),
    "showCalibration": ("GET", "/v1/calibrations/{id}"),
    "reload": ("POST", "/v1/reload"),
    "health": ("GET", "/healthz"),
    "readiness": ("GET", "/readyz"),
    "metrics": ("GET", "/metrics"),
    "contract": ("GET", "/openapi.yaml"),
}


JobOperation = Literal["score", "compare", "rank", "choose", "evaluate", "gate", "best_of"]


class ManifestImage(TypedDict, total=False):
    id: str
    base64: str
    path: str
    url: str


class ManifestSource(TypedDict, total=False):
    """The picture that the image was edited from, of `evaluate` by `viescore` with a judge that shows two (`viescore-sc-edit`), and of nothing else."""

    base64: str
    path: str
    url: str


class Manifest(TypedDict, total=False):
    """Each line is such an object."""

    id: str
    base64: str
    path: str
    url: str
    images: List[ManifestImage]
    source: ManifestSource
    texts: Texts


JobState = Literal["queued", "running", "paused", "cancelled", "finished"]


class JobSettings(TypedDict):
    operation: JobOperation
    judge: str
    texts: Texts
    options: Dict[str, str]
    on_bad_line: Literal["refuse", "fail"]


class JobItems(TypedDict):
    total: int
    done: int
    unscored: int
    failed: int
    waiting: int


class _Job(TypedDict):
    id: str
    state: JobState
    settings: JobSettings
    items: JobItems
    created_at: str
    finished_at: Union[str, None]
    seconds: float
    items_per_second: Union[float, None]
    seconds_left: Union[float, None]


class Job(_Job, total=False):
    detail: str


class Jobs(TypedDict):
    jobs: List[Job]
    next: Union[str, None]


class DeletedJob(TypedDict):
    id: str
    deleted: Literal[True]


class _ResultLine(TypedDict):
    item: int
    status: Literal["done", "unscored", "failed"]


class ResultLine(_ResultLine, total=False):
    id: str
    line: int
    reason: str
    detail: str
    result: Dict[str, Any]


class ScoreRequestImage(TypedDict, total=False):
    url: str
    base64: str
    id: str
    texts: Texts


class _ScoreRequest(TypedDict):
    images: List[ScoreRequestImage]


class ScoreRequest(_ScoreRequest, total=False):
    judge: str
    texts: Texts
    calibrated: bool
    explain: bool
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum


class ScoreOptions(TypedDict, total=False):
    """What may be given beside `images`."""

    judge: str
    texts: Texts
    calibrated: bool
    explain: bool
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum


Texts = Dict[str, str]


class _GateRequest(TypedDict):
    policy: str
    images: List[GivenImage]


class GateRequest(_GateRequest, total=False):
    attempt: int
    questions_before: int
    best_before: float
    without_gain: int
    texts: Texts


class GateOptions(TypedDict, total=False):
    """What may be given beside `policy`, `images`."""

    attempt: int
    questions_before: int
    best_before: float
    without_gain: int
    texts: Texts


class _EvaluateRequest(TypedDict):
    images: List[GivenImage]


class EvaluateRequest(_EvaluateRequest, total=False):
    judge: JudgeName
    texts: Texts
    prompt: str
    source: str
    method: Literal["mean", "minimum", "product", "weighted", "dsg", "dpg", "soft-ancestors", "t2i-eval", "vqascore", "viescore", "unified-reward"]
    writer: str
    generate: Literal["dsg", "tifa"]
    questions: Union[Dict[str, Any], List[Any], str]
    extraction: Union[Dict[str, Any], str]
    counts: Literal["probability", "verdict"]
    missing: Literal["unscored", "left-out", "wrong", "mean"]
    stages: Literal["one", "two"]
    aggregation: Literal["model", "model-joint", "mean", "min", "weighted"]
    weights: str
    retries: int
    budget_questions: int
    budget_tokens: int
    budget_money: float


class EvaluateOptions(TypedDict, total=False):
    """What may be given beside `images`."""

    judge: JudgeName
    texts: Texts
    prompt: str
    source: str
    method: Literal["mean", "minimum", "product", "weighted", "dsg", "dpg", "soft-ancestors", "t2i-eval", "vqascore", "viescore", "unified-reward"]
    writer: str
    generate: Literal["dsg", "tifa"]
    questions: Union[Dict[str, Any], List[Any], str]
    extraction: Union[Dict[str, Any], str]
    counts: Literal["probability", "verdict"]
    missing: Literal["unscored", "left-out", "wrong", "mean"]
    stages: Literal["one", "two"]
    aggregation: Literal["model", "model-joint", "mean", "min", "weighted"]
    weights: str
    retries: int
    budget_questions: int
    budget_tokens: int
    budget_money: float


class _GenEvalRequest(TypedDict):
    items: List[GenEvalItem]


class GenEvalRequest(_GenEvalRequest, total=False):
    method: Literal["geneval"]


class GenEvalOptions(TypedDict, total=False):
    """What may be given beside `items`."""

    method: Literal["geneval"]


class _GenEvalItem(TypedDict):
    tag: Literal["single_object", "two_object", "counting", "colors", "position", "color_attr"]
    detections: List[Dict[str, Any]]


class GenEvalItem(_GenEvalItem, total=False):
    """A line of GenEval's `evaluation_metadata.jsonl`, and what a detector found in a picture that was made from its prompt."""

    id: str
    prompt: str
    include: List[Dict[str, Any]]
    exclude: List[Dict[str, Any]]
    size: List[float]


GenEvalColor = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]


class GenEvalReply(TypedDict):
    results: List[EvaluateResult]
    summary: GenEvalSummary


class GenEvalSummaryTask(TypedDict):
    task: str
    score: float
    interval: Union[GenEvalInterval, None]
    images: int
    correct: int
    prompts: int


class GenEvalSummary(TypedDict):
    method: Literal["geneval"]
    score: float
    interval: Union[GenEvalInterval, None]
    images: int
    correct: int
    prompts: int
    prompts_met: int
    tasks: List[GenEvalSummaryTask]
    absent: List[str]


class GenEvalInterval(TypedDict):
    """Of 95 %, by Student's t over prompts, for pictures of one prompt are no independent draws."""

    low: float
    high: float
    level: float
    method: str


class EvaluateReply(TypedDict):
    judge: Judge
    results: List[EvaluateResult]


class _EvaluateResultAxe(TypedDict):
    axis: Literal["alignment", "coherence", "style"]
    score: Union[float, None]
    readout: Union[str, None]


class EvaluateResultAxe(_EvaluateResultAxe, total=False):
    reason: str
    detail: str


class EvaluateResultWordsScore(TypedDict):
    word: str
    score: float


class _EvaluateResultWords(TypedDict):
    status: Literal["scored", "unscored"]
    scores: List[EvaluateResultWordsScore]
    no_mistakes: Union[float, None]
    unlisted: List[str]
    foreign: List[str]


class EvaluateResultWords(_EvaluateResultWords, total=False):
    """A score of every word of the text."""

    reason: str
    detail: str


class EvaluateResultUsedTokens(TypedDict):
    """`null` where no engine counts them."""

    input: int
    output: int


class EvaluateResultUsed(TypedDict):
    """What the image took."""

    questions: int
    replies: int
    tokens: Union[EvaluateResultUsedTokens, None]
    uncounted: int
    cost: Union[float, None]


class _EvaluateResult(TypedDict):
    method: str
    image: str
    status: Literal["scored", "unscored"]
    score: Union[float, None]
    used: EvaluateResultUsed


class EvaluateResult(_EvaluateResult, total=False):
    """The same object that `opine evaluate --json` prints."""

    reason: str
    detail: str
    wrong: List[str]
    questions: List[Dict[str, Any]]
    aspects: Dict[str, EvaluatedAspect]
    overall: EvaluatedAspect
    task: str
    elements: List[Dict[str, Any]]
    axes: List[EvaluateResultAxe]
    words: EvaluateResultWords
    writer: Dict[str, Any]


class EvaluatedAspect(TypedDict):
    score: Union[float, None]
    explanation: Union[str, None]
    readout: Union[str, None]


class _EvaluateEvent(TypedDict):
    event: Literal["stage", "result", "failed", "summary"]


class EvaluateEvent(_EvaluateEvent, total=False):
    """A stage that ended, a result, or an image that could not be judged."""

    image: str
    stage: str
    about: Union[str, None]
    text: Union[str, None]
    score: Union[float, None]
    reason: str
    detail: str


class _BestOfRequest(TypedDict):
    images: List[GivenImage]


class BestOfRequest(_BestOfRequest, total=False):
    judge: JudgeName
    by: Literal["scores", "pairs", "both"]
    pair_judge: str
    shortlist: int
    tripwires: bool
    calibrated: bool
    texts: Texts


class BestOfOptions(TypedDict, total=False):
    """What may be given beside `images`."""

    judge: JudgeName
    by: Literal["scores", "pairs", "both"]
    pair_judge: str
    shortlist: int
    tripwires: bool
    calibrated: bool
    texts: Texts


class GateReply(TypedDict):
    policy: PolicyName
    attempt: Outlook
    results: List[GateResult]


class PolicyName(TypedDict):
    id: str
    version: str
    digest: str


class Outlook(TypedDict):
    """What the loop of a caller that generates until something is accepted needs to know."""

    number: int
    attempts_left: Union[int, None]
    questions: int
    questions_left: Union[int, None]
    progress: Union[float, None]
    best: Union[float, None]
    without_gain: int
    stop: Literal["quality_threshold_met", "max_attempts", "no_gain", "budget", None]


class Saving(TypedDict):
    """What asking the cheap judges first saved, against asking the last judge of every dimension always."""

    questions: int
    dear_questions: int
    saved_questions: int
    cost: Union[float, None]
    dear_cost: Union[float, None]
    saved_cost: Union[float, None]


GateVerdict = Literal["accept", "review", "reject", "not_evaluated"]


class _GateResultReason(TypedDict):
    code: str
    detail: str


class GateResultReason(_GateResultReason, total=False):
    dimension: str
    judge: str
    score: float
    threshold: float
    margin: float


class _GateResultDimensionStageFitted(TypedDict):
    target: Literal["precision", "recall", "cost"]
    value: float
    confidence: float
    bound: float
    n: int
    labels: str


class GateResultDimensionStageFitted(_GateResultDimensionStageFitted, total=False):
    """What the thresholds rest on, where they were fitted."""

    set: str


class _GateResultDimensionStage(TypedDict):
    judge: str
    score: Union[float, None]
    verdict: GateVerdict


class GateResultDimensionStage(_GateResultDimensionStage, total=False):
    unscored: str
    fitted: GateResultDimensionStageFitted


class GateResultDimension(TypedDict):
    name: str
    verdict: GateVerdict
    stages: List[GateResultDimensionStage]


class GateResult(TypedDict):
    """The same object that `opine gate check --json` prints."""

    image: str
    policy: PolicyName
    verdict: GateVerdict
    reasons: List[GateResultReason]
    combined: Union[float, None]
    progress: Union[float, None]
    dimensions: List[GateResultDimension]
    stages_saved: int
    questions: int
    saving: Saving
    provenance: List[Provenance]


class _BestOfReplyRanked(TypedDict):
    id: str


class BestOfReplyRanked(_BestOfReplyRanked, total=False):
    score: float
    strength: float


class BestOfReplyTripped(TypedDict):
    id: str
    code: Literal["constant", "black", "white", "noise", "near_duplicate"]
    detail: str


class BestOfReplyExpected(TypedDict):
    """What a calibration map expects of the pick."""

    picked: float
    random: float
    uplift: float
    ci: Union[List[float], None]
    map: str


class _BestOfReply(TypedDict):
    judge: Judge
    by: Literal["scores", "pairs", "both"]
    pick: Union[str, None]
    tied: bool
    margin: Union[float, None]
    ranked: List[BestOfReplyRanked]
    unscored: List[str]
    tripped: List[BestOfReplyTripped]
    results: List[ScoreResult]


class BestOfReply(_BestOfReply, total=False):
    pair_judge: Judge
    expected: BestOfReplyExpected
    compared: Provenance


class _ReleaseRequestItem(TypedDict):
    prompt: str
    system: str
    scores: Dict[str, Union[float, None]]


class ReleaseRequestItem(_ReleaseRequestItem, total=False):
    human: float


class _ReleaseRequest(TypedDict):
    items: List[ReleaseRequestItem]


class ReleaseRequest(_ReleaseRequest, total=False):
    new: str
    old: str
    margin: float
    better: Literal["higher", "lower"]
    resamples: int
    seed: int


class ReleaseOptions(TypedDict, total=False):
    """What may be given beside `items`."""

    new: str
    old: str
    margin: float
    better: Literal["higher", "lower"]
    resamples: int
    seed: int


class ReleaseReplyDimensionValidityAgreement(TypedDict):
    """The share of pairs with the same verdict."""

    value: float
    ci: List[float]
    ci_method: str
    pairs_ci: List[float]
    pairs_ci_method: str


class ReleaseReplyDimensionValidityPreferences(TypedDict):
    """How often the judge prefers on a single prompt the system that people prefer."""

    value: float
    ci: List[float]
    ci_method: str
    n: int


class ReleaseReplyDimensionValidityVerdict(TypedDict):
    new: str
    old: str
    judge: SystemDifference
    human: SystemDifference


class _ReleaseReplyDimensionValidity(TypedDict):
    prompts: int
    left_out: int
    pairs: int
    agree: int
    opposite: int
    invented: int
    missed: int
    verdicts: List[ReleaseReplyDimensionValidityVerdict]


class ReleaseReplyDimensionValidity(_ReleaseReplyDimensionValidity, total=False):
    """How often the judge's verdict over two systems is people's."""

    agreement: ReleaseReplyDimensionValidityAgreement
    preferences: ReleaseReplyDimensionValidityPreferences


class _ReleaseReplyDimension(TypedDict):
    score: str


class ReleaseReplyDimension(_ReleaseReplyDimension, total=False):
    difference: SystemDifference
    validity: ReleaseReplyDimensionValidity


class ReleaseReply(TypedDict):
    """The same object that `opine release --json` prints."""

    passed: Union[bool, None]
    margin: float
    dimensions: List[ReleaseReplyDimension]


class SystemDifference(TypedDict):
    """New minus old over the prompts that both have, turned so that positive is better."""

    value: float
    ci: List[float]
    p_value: float
    p_holm: Union[float, None]
    shown: Literal["better", "worse", "no_difference"]
    non_inferior: bool
    minimum_detectable: float
    prompts: int
    left_out: int


class _CompareRequest(TypedDict):
    images: List[GivenImage]


class CompareRequest(_CompareRequest, total=False):
    judge: JudgeName
    texts: Texts
    by: Literal["thurstone", "levels"]
    tie_width: float
    calibrated: bool
    on_disagreement: Literal["average", "tie", "drop", "review"]
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum


class CompareOptions(TypedDict, total=False):
    """What may be given beside `images`."""

    judge: JudgeName
    texts: Texts
    by: Literal["thurstone", "levels"]
    tie_width: float
    calibrated: bool
    on_disagreement: Literal["average", "tie", "drop", "review"]
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum


class _RankRequest(TypedDict):
    images: List[GivenImage]


class RankRequest(_RankRequest, total=False):
    judge: JudgeName
    texts: Texts
    method: Literal["scores", "all-pairs", "random", "swiss", "active", "anchors", "listwise"]
    budget: int
    repeats: int
    anchors: Anchors
    places: int
    seed: int
    by: Literal["thurstone", "levels"]
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum
    model: Literal["bradley-terry", "davidson", "rao-kupper", "thurstone"]
    ridge: float
    order_effect: bool
    covariates: Covariates
    interval: Literal["posterior", "sandwich", "bootstrap"]
    resamples: int
    calibrated: bool
    on_disagreement: Literal["average", "tie", "drop", "review"]


class RankOptions(TypedDict, total=False):
    """What may be given beside `images`."""

    judge: JudgeName
    texts: Texts
    method: Literal["scores", "all-pairs", "random", "swiss", "active", "anchors", "listwise"]
    budget: int
    repeats: int
    anchors: Anchors
    places: int
    seed: int
    by: Literal["thurstone", "levels"]
    judges: PanelJudges
    jury: Jury
    weights: Weights
    quorum: Quorum
    model: Literal["bradley-terry", "davidson", "rao-kupper", "thurstone"]
    ridge: float
    order_effect: bool
    covariates: Covariates
    interval: Literal["posterior", "sandwich", "bootstrap"]
    resamples: int
    calibrated: bool
    on_disagreement: Literal["average", "tie", "drop", "review"]


Anchors = Dict[str, Union[None, float, List[float]]]


Covariates = Dict[str, List[float]]


PanelJudges = List[str]


Jury = Literal["mean", "reliability", "joint"]


Weights = Dict[str, float]


Quorum = int


class _ChooseRequest(TypedDict):
    judge: JudgeName
    images: List[GivenImage]


class ChooseRequest(_ChooseRequest, total=False):
    texts: Texts
    question: str
    answers: Answers
    questions: Questions


class ChooseOptions(TypedDict, total=False):
    """What may be given beside `judge`, `images`."""

    texts: Texts
    question: str
    answers: Answers
    questions: Questions


class _Question(TypedDict):
    question: str


class Question(_Question, total=False):
    id: str
    answers: Answers


Questions = List["Question"]


Answers = Union[List[str], Dict[str, List[str]]]


class ChooseReply(TypedDict):
    judge: Judge
    results: List[ChooseResult]


class ChooseResultCost(TypedDict):
    questions: int


class ChooseResult(TypedDict):
    """The same object that `opine choose --json` prints."""

    images: List[str]
    answers: List[Chosen]
    cost: ChooseResultCost
    provenance: Provenance


class ChosenIntervals(TypedDict):
    low: float
    high: float
    kind: Literal["censored", "dirichlet_95"]


class _Chosen(TypedDict):
    id: str
    question: str
    status: Literal["answered", "unscored"]
    answer: Union[str, None]
    probabilities: Union[Dict[str, float], None]
    coverage: Union[float, None]
    readout: Union[Readout, None]


class Chosen(_Chosen, total=False):
    censored: Literal[True]
    intervals: Dict[str, ChosenIntervals]
    reason: Reason
    detail: str


TableRows = List[Dict[str, Any]]


class _AuditRequest(TypedDict):
    judged: TableRows
    human: TableRows


class AuditRequest(_AuditRequest, total=False):
    baselines: Dict[str, TableRows]
    on: str
    group: str
    cluster: str
    judged_column: str
    human_column: str
    human_sd: str
    human_ratings: Union[str, int]
    length: str
    author: str
    position: str
    swapped: str
    judge: str
    match: Literal["exact", "file-name", "stem"]
    duplicates: Literal["refuse", "first", "last"]
    missing: Literal["drop", "worst", "mean", "zero", "refuse"]
    judged_better: Literal["higher", "lower"]
    human_better: Literal["higher", "lower"]
    same_scale: bool
    resamples: int
    seed: int
    format: Literal["json", "html", "markdown"]
    raters: List[str]
    missing_text: List[str]


class AuditOptions(TypedDict, total=False):
    """What may be given beside `judged`, `human`."""

    baselines: Dict[str, TableRows]
    on: str
    group: str
    cluster: str
    judged_column: str
    human_column: str
    human_sd: str
    human_ratings: Union[str, int]
    length: str
    author: str
    position: str
    swapped: str
    judge: str
    match: Literal["exact", "file-name", "stem"]
    duplicates: Literal["refuse", "first", "last"]
    missing: Literal["drop", "worst", "mean", "zero", "refuse"]
    judged_better: Literal["higher", "lower"]
    human_better: Literal["higher", "lower"]
    same_scale: bool
    resamples: int
    seed: int
    format: Literal["json", "html", "markdown"]
    raters: List[str]
    missing_text: List[str]


class Audit(TypedDict):
    """The report, form `opine.audit/1`."""

    schema: Literal["opine.audit/1"]
    opine: str
    judge: str
    n: int
    coverage: float
    sentence: str
    warnings: List[str]
    estimates: List[Estimate]


class _Estimate(TypedDict):
    name: str
    value: Union[float, None]
    ci: Union[List[float], None]
    n: int
    method: str
    convention: str


class Estimate(_Estimate, total=False):
    group: str


class Calibrations(TypedDict):
    calibrations: List[CalibrationMap]


class CalibrationMapJudge(TypedDict):
    """The judge for which alone it holds."""

    id: str
    version: str
    card: Digest
    backend: str
    model_revision: str
    readout: Readout
    preprocessing: str
    temperature: Union[float, None]


class CalibrationMapDifference(TypedDict):
    field: str
    fitted: str
    here: str


class CalibrationMapLabels(TypedDict):
    """What it was fitted on."""

    source: str
    digest: Digest
    n: int


class CalibrationMapFigure(TypedDict):
    name: str
    before: PerhapsFigured
    after: PerhapsFigured
    change: PerhapsFigured
    n: int
    convention: str


class CalibrationMapConformal(TypedDict):
    """Intervals for new labels."""

    level: float
    half_width: Union[float, None]
    shortfall: Union[float, None]
    coverage: Figured
    n: int


class _CalibrationMapHeldOut(TypedDict):
    folds: int
    seed: int


class CalibrationMapHeldOut(_CalibrationMapHeldOut, total=False):
    group: Union[str, None]
    agreement: Figured
    never: Figured
    majority: Figured
    over_never: Figured
    over_majority: Figured


class _CalibrationMap(TypedDict):
    id: str
    file: str
    kind: Literal["isotonic", "platt", "temperature", "logistic4", "logistic5", "ordinal", "tie-width"]
    digest: Digest
    judge: CalibrationMapJudge
    applies: Union[bool, None]
    differences: List[CalibrationMapDifference]
    labels: CalibrationMapLabels
    held_out: CalibrationMapHeldOut


class CalibrationMap(_CalibrationMap, total=False):
    """A map of scores to a human scale, or where `kind` is `tie-width` the margin within which comparisons are ties."""

    summary: str
    raw_scale: Scale
    scale: Scale
    direction: Literal["increasing", "decreasing"]
    spearman: Figured
    figures: List[CalibrationMapFigure]
    conformal: CalibrationMapConformal
    by: Literal["thurstone", "levels", None]
    margin: Literal["log-odds", "probability"]
    width: float
    votes: int
    is_shown_to_help: bool


class Figured(TypedDict):
    """A value with its 95 % interval."""

    value: float
    ci: Union[List[float], None]


PerhapsFigured = Union["Figured", None]


class _LabelsRequestLabel(TypedDict):
    id: Union[str, float, bool]
    human: float


class LabelsRequestLabel(_LabelsRequestLabel, total=False):
    """Further columns are not looked at."""

    judged: Union[float, None]
    time: Union[float, None]


class LabelsRequest(TypedDict):
    labels: List[LabelsRequestLabel]


class LabelsOptions(TypedDict, total=False):
    """What may be given beside `labels`."""

    pass


class TakenLabels(TypedDict):
    judge: str
    added: int
    replaced: int
    forgotten: int
    total: int


class RollingAgreementWindow(TypedDict, total=False):
    labels: int
    seconds: int


class RollingAgreementAlertComparison(TypedDict):
    against: str
    reference: float
    reference_n: int
    difference: float
    ci: Union[List[float], None]
    p_value: Union[float, None]
    fell: bool


class RollingAgreementAlert(TypedDict):
    fell: bool
    test: str
    level: float
    comparisons: List[RollingAgreementAlertComparison]


class RollingAgreement(TypedDict):
    judge: str
    window: RollingAgreementWindow
    n: int
    unscored: int
    newest: Union[AgreementWindow, None]
    trend: List[AgreementWindow]
    alert: RollingAgreementAlert


class AgreementWindow(TypedDict):
    first_time: int
    last_time: int
    n: int
    unscored: int
    estimates: List[Estimate]


class _FitRequest(TypedDict):
    judged: TableRows
    labels: TableRows
    map: Literal["isotonic", "platt", "temperature", "logistic4", "logistic5", "ordinal"]


class FitRequest(_FitRequest, total=False):
    judge: JudgeName
    scale: str
    human_better: Literal["higher", "lower"]
    on: str
    judged_column: str
    human_column: str
    group: str
    match: Literal["exact", "file-name", "stem"]
    folds: int
    coverage: float
    resamples: int
    seed: int
    levels: List[str]


class FitOptions(TypedDict, total=False):
    """What may be given beside `judged`, `labels`, `map`."""

    judge: JudgeName
    scale: str
    human_better: Literal["higher", "lower"]
    on: str
    judged_column: str
    human_column: str
    group: str
    match: Literal["exact", "file-name", "stem"]
    folds: int
    coverage: float
    resamples: int
    seed: int
    levels: List[str]


class FitReply(TypedDict):
    file: str
    map: str
    report: Dict[str, Any]


JudgeName = str


class GivenImage(TypedDict, total=False):
    url: str
    base64: str
    id: str
    texts: Texts


class CompareReply(TypedDict):
    judge: Judge
    result: CompareResult


class _CompareResult(TypedDict):
    first: str
    second: str
    judge: str
    status: Literal["compared", "unscored"]
    preference: Literal["first", "second", "tie", "review", "dropped", None]
    first_better: Union[float, None]
    second_better: Union[float, None]
    tie: Union[float, None]
    order_effect: Union[float, None]
    orders_disagree: Union[bool, None]
    coverage: Union[float, None]
    provenance: Provenance


class CompareResult(_CompareResult, total=False):
    """The same object that `opine compare --json` prints."""

    by: Literal["thurstone", "levels"]
    tie_width: TieWidth
    reason: Reason
    detail: str


class RankReplyUnscored(TypedDict):
    item: str
    reason: Reason
    detail: str


class RankReplyAnchor(TypedDict):
    item: str
    given: Literal["exact", "around", "estimated"]
    strength: float
    deviation: float


class RankReplyDesign(TypedDict):
    """How images were dealt into lists."""

    items_per_list: int
    lists_per_repeat: int
    overlap: int


class RankReplyFirstEffect(TypedDict):
    """What being shown first adds over the other places, in log-odds."""

    value: float
    ci: List[float]


class RankReplyPlaceEffect(TypedDict):
    place: str
    value: float
    ci: List[float]
    best: int


class RankReplyConsistency(TypedDict):
    """Kendall's coefficient of concordance over the lists, and his tau between two of them in the mean."""

    kendall_w: Union[float, None]
    mean_tau: Union[float, None]


class _RankReply(TypedDict):
    judge: Judge
    method: Literal["scores", "all-pairs", "random", "swiss", "active", "anchors", "listwise"]
    items: List[RankedItem]
    provenance: Provenance


class RankReply(_RankReply, total=False):
    """A ranking."""

    unscored: List[RankReplyUnscored]
    stop: Literal["narrow", "budget", "exhausted", "failed"]
    comparisons: int
    anchors: List[RankReplyAnchor]
    lists: int
    read: int
    design: RankReplyDesign
    first_effect: RankReplyFirstEffect
    place_effects: List[RankReplyPlaceEffect]
    consistency: RankReplyConsistency
    model: str
    interval_method: str
    order_effect: Dict[str, Any]
    covariates: List[Dict[str, Any]]
    tie_parameter: Dict[str, Any]
    coherence: Dict[str, Any]
    disagreements: int
    dropped: int
    review: List[NamedPair]
    tie_width: TieWidth
    ties_within_width: int
    same_images: List[NamedPair]


class RankedItem(TypedDict):
    item: str
    strength: float
    ci: Union[List[float], None]
    rank: int
    rank_ci: Union[List[int], None]


class _SeatRestsOn(TypedDict):
    source: Literal["given", "audit", "calibration"]


class SeatRestsOn(_SeatRestsOn, total=False):
    """What the weight rests on."""

    file: str
    correlation: float
    n: int


class _Seat(TypedDict):
    judge: str
    weight: float


class Seat(_Seat, total=False):
    """A member of a panel."""

    rests_on: SeatRestsOn


class Panel(TypedDict):
    jury: Literal["mean", "reliability", "joint"]
    quorum: int
    members: List[Seat]


class PanelScoreReply(TypedDict):
    panel: Panel
    results: List[PanelScoreResult]


class _PanelScoreResultMember(TypedDict):
    judge: str
    share: float
    placed: Union[float, None]
    difference: Union[float, None]
    questions: int


class PanelScoreResultMember(_PanelScoreResultMember, total=False):
    reason: Reason
    detail: str
    result: ScoreResult


class _PanelScoreResult(TypedDict):
    image: str
    status: Literal["scored", "unscored"]
    score: Union[float, None]
    scale: Scale
    pooled: Literal["opinions", "scores"]
    opinion: Union[Dict[str, float], None]
    spread: Union[float, None]
    disagreement: Union[float, None]
    members: List[PanelScoreResultMember]


class PanelScoreResult(_PanelScoreResult, total=False):
    """The same object that `opine score --json` prints for a panel."""

    reason: Reason
    detail: str


class PanelCompareReply(TypedDict):
    panel: Panel
    result: PanelCompareResult


class _PanelCompareResultMember(TypedDict):
    judge: str
    share: float
    agrees: Union[bool, None]
    questions: int


class PanelCompareResultMember(_PanelCompareResultMember, total=False):
    reason: Reason
    detail: str
    result: CompareResult


class _PanelCompareResult(TypedDict):
    first: str
    second: str
    status: Literal["compared", "unscored"]
    preference: Literal["first", "second", "tie", "review", "dropped", None]
    pooled: Literal["probabilities"]
    first_better: Union[float, None]
    second_better: Union[float, None]
    tie: Union[float, None]
    order_effect: Union[float, None]
    orders_disagree: Union[bool, None]
    coverage: Union[float, None]
    members: List[PanelCompareResultMember]


class PanelCompareResult(_PanelCompareResult, total=False):
    """The panel's comparison."""

    reason: Reason
    detail: str


class _PanelRankReplyPanel(TypedDict):
    jury: Literal["mean", "reliability", "joint"]
    quorum: int
    members: List[RankedMember]


class PanelRankReplyPanel(_PanelRankReplyPanel, total=False):
    pooled: Literal["opinions", "scores", "probabilities"]


class PanelRankReply(TypedDict):
    """A ranking as of one judge, with the panel and what each member did in place of the judge."""

    panel: PanelRankReplyPanel
    items: List[RankedItem]
    method: Literal["scores", "all-pairs", "random", "swiss", "active"]


class RankedMemberReliability(TypedDict):
    """Probability that a vote of it is meant as given, by the jury `joint`."""

    value: float
    ci: Union[List[float], None]
    weight: float


class _RankedMember(Seat):
    missing: int
    questions: int


class RankedMember(_RankedMember, total=False):
    comparisons: int
    agreement: Union[float, None]
    triads: int
    cyclic_triads: int
    zeta: Union[float, None]
    order_effect: Dict[str, Any]
    disagreements: int
    reliability: RankedMemberReliability
    tau: float
    reason: Reason
    detail: str
    provenance: Provenance


class NamedPair(TypedDict):
    first: str
    second: str


class TieWidth(TypedDict):
    """Within which margin a comparison is a tie."""

    width: float
    margin: Literal["log-odds", "probability"]
    map: Union[str, None]


class ScoreReply(TypedDict):
    judge: Judge
    results: List[ScoreResult]


ScoreResult = Union["Scored", "Unscored"]


class ScoredInterval(TypedDict):
    """Where the score lies."""

    low: float
    high: float
    kind: Literal["censored", "dirichlet_95", "student_95"]


class _Scored(TypedDict):
    image: str
    judge: str
    status: Literal["scored"]
    score: float
    scale: Scale
    opinion: Union[Dict[str, float], None]
    spread: Union[float, None]
    coverage: Union[float, None]
    provenance: Provenance


class Scored(_Scored, total=False):
    interval: ScoredInterval
    calibrated: Calibrated
    explanation: Explanation


class _ExplanationQuestionAnswer(TypedDict):
    answer: str
    level: str
    log_mass: float


class ExplanationQuestionAnswer(_ExplanationQuestionAnswer, total=False):
    ceiling: float
    count: int


class ExplanationQuestionLevel(TypedDict):
    level: str
    log_mass: float
    mass: float
    probability: float
    worth: float
    contribution: float


class ExplanationQuestionInterval(TypedDict):
    """Where that score lies."""

    low: float
    high: float
    kind: Literal["censored", "dirichlet_95", "student_95"]


class _ExplanationQuestion(TypedDict):
    readout: Readout
    coverage: Union[float, None]
    answers: List[ExplanationQuestionAnswer]
    levels: List[ExplanationQuestionLevel]
    score: float


class ExplanationQuestion(_ExplanationQuestion, total=False):
    interval: ExplanationQuestionInterval


class _ExplanationRating(TypedDict):
    rating: Union[float, None]


class ExplanationRating(_ExplanationRating, total=False):
    reason: Reason


class ExplanationCalibration(TypedDict):
    """What the calibration map did."""

    map: str
    kind: Literal["isotonic", "platt", "temperature", "logistic4", "logistic5", "ordinal"]
    reads: Literal["score", "opinion"]
    formula: str
    parameters: Dict[str, Any]
    score: float


class _Explanation(TypedDict):
    steps: List[str]
    least_coverage: float
    questions: List[ExplanationQuestion]
    score: float


class Explanation(_Explanation, total=False):
    """How the score came about."""

    temperature: float
    ratings: List[ExplanationRating]
    calibration: ExplanationCalibration


class Calibrated(TypedDict):
    """The score on a human scale."""

    score: float
    scale: Scale
    ci: Union[List[float], None]
    level: Union[float, None]
    method: Union[str, None]
    map: str


class Unscored(TypedDict):
    image: str
    judge: str
    status: Literal["unscored"]
    score: None
    scale: Scale
    opinion: None
    spread: None
    coverage: None
    reason: Reason
    detail: str
    provenance: Provenance


Reason = str


class Scale(TypedDict):
    min: float
    max: float
    better: Literal["higher", "lower"]


class _Provenance(TypedDict):
    judge: str
    version: str
    card: Digest
    backend: str
    model_revision: str
    preprocessing: str
    image: Union[Digest, None]
    temperature: Union[float, None]


class Provenance(_Provenance, total=False):
    """All that is needed to ask for the same score again."""

    readout: Readout
    censored: Literal[True]


Readout = Literal["closed_set", "label_logits", "label_tokens", "top_tokens", "forced_sequence", "samples", "parsed_text", "typed_decision", "similarity", "value"]


Digest = str


class Judges(TypedDict):
    judges: List[Judge]
    backends: List[Backend]


class BackendAbilities(TypedDict):
    """What it can be asked, as far as is known."""

    images_per_prompt: int
    options: bool
    value: bool
    text: bool
    log_probabilities: bool
    readouts: List[Readout]
    answer_prefix: bool
    concurrency: int


class _Backend(TypedDict):
    name: str
    state: JudgeState


class Backend(_Backend, total=False):
    model_revision: str
    remedy: str
    abilities: BackendAbilities


class _Judge(TypedDict):
    id: str
    version: str
    title: str
    protocol: Literal["score", "rating", "compare", "rank", "choose"]
    backend: Union[str, None]
    state: JudgeState
    scale: Union[Scale, None]
    levels: List[str]
    images: int
    texts: List[str]
    preprocessing: str
    card: Digest
    source: str
    licence: str


class Judge(_Judge, total=False):
    model_revision: str
    remedy: str
    readouts: List[Readout]


JudgeState = Literal["ready", "unavailable", "unbound"]


class Health(TypedDict):
    status: Literal["ok"]
    version: str


class Reloaded(TypedDict):
    """What changed."""

    judges: int
    maps: int
    added: List[str]
    changed: List[str]
    removed: List[str]


class _ReadinessJudge(TypedDict):
    id: str
    state: Literal["ready", "opening", "unavailable", "unbound"]


class ReadinessJudge(_ReadinessJudge, total=False):
    remedy: str


class _ReadinessBackend(TypedDict):
    name: str
    state: Literal["ready", "opening", "resting", "unavailable"]


class ReadinessBackend(_ReadinessBackend, total=False):
    remedy: str


class Readiness(TypedDict):
    status: Literal["ready", "draining", "opening", "no_judge_ready"]
    judges: List[ReadinessJudge]
    backends: List[ReadinessBackend]


class _Problem(TypedDict):
    type: str
    title: str
    status: int
    code: Code
    detail: str
    request_id: str


class Problem(_Problem, total=False):
    """RFC 9457."""

    pointer: str
    hint: str


Code = Literal["malformed_json", "malformed_multipart", "unreadable_body", "unknown_field", "duplicate_field", "wrong_type", "missing_field", "invalid_value", "missing_images", "too_many_images", "wrong_protocol", "no_calibration", "missing_key", "wrong_key", "forbidden", "foreign_host", "foreign_origin", "rate_limited", "quota_spent", "too_many_wrong_keys", "bad_manifest", "too_many_items", "idempotency_key_reused", "unknown_judge", "unknown_backend", "unknown_calibration", "unknown_job", "jobs_off", "labels_off", "not_found", "method_not_allowed", "body_timeout", "reload_refused", "job_finished", "idempotency_in_flight", "body_too_large", "unsupported_media_type", "overloaded", "internal_error", "judge_unavailable", "took_too_long", "storage_full"]
