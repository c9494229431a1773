"""Write the small checkpoints of this folder after the specifications of their formats; the data is left out.

python examples/checkpoints/make.py FOLDER writes into a folder, by default into this one. The formats: safetensors
(https://github.com/huggingface/safetensors), GGUF (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), the
adapters of peft and the names of Google's first BERT checkpoints.
"""

from __future__ import annotations

import json
import struct
import sys
from math import prod
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, FFN, LAYERS = 128, 512, 2
Shapes = dict[str, list[int]]


def bert() -> Shapes:
    """Return the tensors of a BERT of two layers, as PyTorch names them."""
    shapes: Shapes = {f"embeddings.{table}_embeddings.weight": [rows, WIDTH] for table, rows in TABLES.items()}
    norms, matrices = ["embeddings.LayerNorm"], {"pooler.dense": [WIDTH, WIDTH]}
    for layer in range(LAYERS):
        home = f"encoder.layer.{layer}."
        norms += [f"{home}attention.output.LayerNorm", f"{home}output.LayerNorm"]
        matrices |= {f"{home}attention.self.{name}": [WIDTH, WIDTH] for name in ("query", "key", "value")}
        matrices[f"{home}attention.output.dense"] = [WIDTH, WIDTH]
        matrices[f"{home}intermediate.dense"] = [FFN, WIDTH]
        matrices[f"{home}output.dense"] = [WIDTH, FFN]
    for name, shape in matrices.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        shapes |= {f"{name}.weight": [WIDTH], f"{name}.bias": [WIDTH]}
    return shapes


TABLES = {"word": 30_522, "position": 512, "token_type": 2}


def safetensors(path: Path, shapes: Shapes) -> None:
    """Write the header of a safetensors file with F32 tensors."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def document(path: Path, content: object) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def index(folder: Path) -> None:
    """Write an index whose two shards are not there."""
    shapes = bert()
    shards = [f"model-{part:05d}-of-00002.safetensors" for part in (1, 2)]
    placed = {name: shards[place > len(shapes) // 2] for place, name in enumerate(shapes)}
    total = 4 * sum(map(prod, shapes.values()))
    document(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": placed})


def tensorflow() -> Shapes:
    """Return the same BERT in TensorFlow's names: a kernel is (inputs, outputs)."""
    shapes: Shapes = {}
    for name, sides in bert().items():
        shape = sides
        words = ["bert", *name.replace(".layer.", ".layer_").split(".")]
        if words[-2] == "LayerNorm":
            words[-1] = {"weight": "gamma", "bias": "beta"}[words[-1]]
        elif words[-1] == "weight" and words[-2].endswith("_embeddings"):
            words.pop()
        elif words[-1] == "weight":
            words[-1], shape = "kernel", sides[::-1]
        shapes["/".join(words)] = shape
    return shapes


def adapter(folder: Path) -> None:
    """Write a LoRA of rank 8 on the queries and values, with a classifier that is saved whole."""
    shapes: Shapes = {"base_model.model.classifier.weight": [2, WIDTH], "base_model.model.classifier.bias": [2]}
    for layer in range(LAYERS):
        for name in ("query", "value"):
            home = f"base_model.model.bert.encoder.layer.{layer}.attention.self.{name}"
            shapes |= {f"{home}.lora_A.weight": [8, WIDTH], f"{home}.lora_B.weight": [WIDTH, 8]}
    safetensors(folder / "adapter_model.safetensors", shapes)
    document(
        folder / "adapter_config.json",
        {
            "base_model_name_or_path": "bert-tiny",
            "modules_to_save": ["classifier", "score"],
            "peft_type": "LORA",
            "r": 8,
            "target_modules": ["query", "value"],
            "task_type": "SEQ_CLS",
        },
    )


def gguf(path: Path) -> None:
    """Write the header of a GGUF file: a Llama of two layers, its matrices in Q4_K, its output tied."""
    width, small, ffn, words = 256, 128, 512, 1000
    shapes: Shapes = {"token_embd.weight": [words, width], "output_norm.weight": [width], "rope_freqs.weight": [32]}
    for layer in range(LAYERS):
        home = f"blk.{layer}."
        shapes |= {f"{home}{norm}_norm.weight": [width] for norm in ("attn", "ffn")}
        shapes |= {f"{home}attn_{name}.weight": [width, width] for name in ("q", "output")}
        shapes |= {f"{home}attn_{name}.weight": [small, width] for name in ("k", "v")}
        shapes |= {f"{home}ffn_{name}.weight": [ffn, width] for name in ("gate", "up")}
        shapes[f"{home}ffn_down.weight"] = [width, ffn]
    sizes = {"embedding_length": width, "block_count": LAYERS, "feed_forward_length": ffn, "vocab_size": words}
    sizes |= {"attention.head_count": 4, "attention.head_count_kv": 2, "context_length": 512}
    keys = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    for key, size in sizes.items():
        keys += text(f"llama.{key}") + struct.pack("<II", 4, size)
    infos, end = b"", 0
    for name, shape in shapes.items():
        quantised = len(shape) == 2
        start = -(-end // 32) * 32
        end = start + (prod(shape) // 256 * 144 if quantised else 4 * prod(shape))
        sides = struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1])
        infos += text(name) + sides + struct.pack("<IQ", 12 if quantised else 0, start)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(sizes) + 1) + keys + infos)


def text(words: str) -> bytes:
    """Return a string as GGUF stores it."""
    return struct.pack("<Q", len(words)) + words.encode()


def main(folder: Path) -> None:
    """Write all checkpoints into a folder."""
    for name in ("index-alone", "lora"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    index(folder / "index-alone")
    adapter(folder / "lora")
    gguf(folder / "tiny-llama.gguf")
    safetensors(folder / "wrapped.safetensors", {f"0.auto_model.{name}": shape for name, shape in bert().items()})
    safetensors(folder / "tensorflow-names.safetensors", tensorflow())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
