"""Runs the paretobandit package itself over the courses that our policy runs over, and writes which arm it took each time.

Usage: peer.py DATA.json COURSES.json OUT.json
"""

import json
import logging
import sys
import time

import numpy as np
from pareto_bandit.budget_pacer import BudgetPacer, PacingMode
from pareto_bandit.config import BEST_K3_HPARAMS, DEFAULT_WARMUP_PRIORS_PATH
from pareto_bandit.feature_service import FeatureService
from pareto_bandit.router import BanditRouter
from pareto_bandit.storage import EphemeralContextStore

TRIALS = 20
logging.disable(logging.WARNING)


def prices(arm, factor):
    rate_in, rate_out = arm["inputUsdPerMillion"] * factor, arm["outputUsdPerMillion"] * factor
    return {"input_cost_per_m": rate_in, "output_cost_per_m": rate_out, "blended_cost_per_m": (rate_in + rate_out) / 2}


def make_router(data, phase, budget):
    arms = [data["arms"][i] for i in phase["arms"]]
    return BanditRouter.create(
        model_registry={arm["id"]: prices(arm, 1) for arm in arms},
        feature_service=FeatureService.for_precomputed(len(data["val"][0]["x"])),
        context_store=EphemeralContextStore(),
        priors="warmup",
        warmup_path=str(DEFAULT_WARMUP_PRIORS_PATH),
        prior_n_effective=BEST_K3_HPARAMS["prior_n_effective"],
        alpha=BEST_K3_HPARAMS["alpha"],
        cost_penalty=0.0,
        forgetting_factor=BEST_K3_HPARAMS["forgetting_factor"],
        budget_pacer=BudgetPacer(target_avg_spend_usd=budget, mode=PacingMode.ADAPTIVE),
    )


def enter(router, data, phase):
    """Takes in the phase's prices and models; gives the arm that has to be tried, if one is new."""
    newcomer = None
    for index in phase["arms"]:
        arm = data["arms"][index]
        if arm["id"] not in router.registry:
            newcomer = arm["id"]
            router.register_model(newcomer, input_cost_per_m=arm["inputUsdPerMillion"], output_cost_per_m=arm["outputUsdPerMillion"])
            router.registry[newcomer].update(prices(arm, 1))
            # Tried like a model of which nothing is known, as in the paper's experiment.
            dim = router.bandit.dim
            router.bandit.A[newcomer], router.bandit.b[newcomer] = np.eye(dim), np.zeros(dim)
            router.bandit.refresh_inverse_cache()
        router.registry[arm["id"]].update(prices(arm, phase["priceFactors"][index]))
    return newcomer


def run(data, prompts, features, course, budget):
    router = make_router(data, course["phases"][0], budget)
    ids = [arm["id"] for arm in data["arms"]]
    taken, seconds = [], 0.0
    for phase in course["phases"]:
        newcomer = enter(router, data, phase)
        for step, index in enumerate(phase["prompts"]):
            began = time.perf_counter()
            model, log = router.route(features[index])
            seconds += time.perf_counter() - began
            if newcomer is not None and step < TRIALS:
                model = newcomer
                log.selected_model = newcomer
            arm = ids.index(model)
            log.cost_usd = prompts[index]["costs"][arm] * phase["priceFactors"][arm]
            router.process_feedback(log.request_id, reward=phase["rewards"].get(str(arm), prompts[index]["rewards"][arm]))
            taken.append(arm)
    return {"arms": taken, "microseconds": 1e6 * seconds / len(taken)}


def main():
    data_file, courses_file, out_file = sys.argv[1:]
    with open(data_file) as file:
        data = json.load(file)
    with open(courses_file) as file:
        jobs = json.load(file)
    prompts = data["val"] + data["holdout"]
    features = [np.array(prompt["x"]) for prompt in prompts]
    results = [run(data, prompts, features, job["course"], job["budgetUsd"]) for job in jobs]
    with open(out_file, "w") as file:
        json.dump(results, file)


main()
