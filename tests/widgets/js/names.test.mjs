// What the editor reads from a program that is being typed.

import assert from "node:assert/strict";
import test from "node:test";
import { imported, ownAttributes, treeOf } from "../../../components/widgets/editor/src/names.js";

test("names stand for what they were imported as", () => {
  const text = `import torch, numpy as np
import torch.nn.functional as F  # a comment
from torch import nn, optim as o
from torch.nn import (Linear,
    ReLU as R)
x = torch.`;
  assert.deepEqual([...imported(text)], [
    ["torch", "torch"], ["np", "numpy"], ["F", "torch.nn.functional"], ["nn", "torch.nn"], ["o", "torch.optim"],
    ["Linear", "torch.nn.Linear"], ["R", "torch.nn.ReLU"],
  ]);
  assert.deepEqual([...imported("import\nfrom x import\nfrom")], []);
});

test("a class has the attributes that it gives itself", () => {
  assert.deepEqual([...ownAttributes("self.a = self._b\nmyself.c = self.a")], ["a", "_b"]);
});

test("every module is a name of the one that it is in", () => {
  const tree = treeOf({ "": "print", "torch.nn": "Linear ReLU" });
  assert.deepEqual([...tree].map(([path, names]) => [path, [...names]]), [
    ["", ["print", "torch"]], ["torch.nn", ["Linear", "ReLU"]], ["torch", ["nn"]],
  ]);
});
