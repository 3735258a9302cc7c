"""Records what Python jinja2 makes of Gemma 4's template: run once, `python3 render.py template.jinja gemma4-input.json > gemma4-prompt.txt`."""

import json
import sys

from jinja2.sandbox import ImmutableSandboxedEnvironment

template_path, input_path = sys.argv[1:]
environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
template = environment.from_string(open(template_path, encoding="utf-8").read())
variables = json.load(open(input_path, encoding="utf-8"))
sys.stdout.write(
    template.render(bos_token="<bos>", eos_token="<eos>", add_generation_prompt=True, enable_thinking=False, **variables)
)
