"""Tiny networks of random weights, saved as Hugging Face saves them."""

import pytest

from metarec.models import cache

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*SPECIAL, *"the a film of war and peace ##s star toy story".split()]  # noqa: SIM905


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "metarec")
    return tmp_path / "metarec"


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """A folder with two layers of width 8; it says nothing about pooling."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("tiny_bert")
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    tokenizer = transformers.BertTokenizerFast(vocabulary, model_max_length=16)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), intermediate_size=16, max_position_embeddings=16, **sizes
    )
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory):
    """A folder with a causal network of two layers and width 8."""
    import tokenizers
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("tiny_llama")
    vocabulary = {word: place for place, word in enumerate(["<s>", "</s>", "<unk>", *WORDS[5:]])}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=model, **special)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary), intermediate_size=16, max_position_embeddings=32, **sizes
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_speakers(tmp_path_factory):
    """Folders of two causal networks with heads, of two architectures, that know digits."""
    import tokenizers
    import torch
    import transformers

    signs = [chr(code) for code in range(32, 127)] + ["Ċ"]  # one token a character
    vocabulary = {sign: place for place, sign in enumerate(["<s>", "</s>", "<unk>", *signs])}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    model.normalizer = tokenizers.normalizers.Replace("\n", "Ċ")
    model.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=model, **special)
    sizes = {"vocab_size": len(vocabulary), "max_position_embeddings": 512}
    llama = transformers.LlamaConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, **sizes,
    )  # fmt: skip
    gpt2 = transformers.GPT2Config(n_embd=12, n_layer=3, n_head=3, **sizes)
    folders = {}
    for name, config in (("llama", llama), ("gpt2", gpt2)):
        torch.manual_seed(0)
        folders[name] = tmp_path_factory.mktemp(name)
        network = transformers.AutoModelForCausalLM.from_config(config)
        for parameter in network.parameters():
            parameter.data *= 5  # else all answers are nearly the same
        network.save_pretrained(folders[name])
        tokenizer.save_pretrained(folders[name])
    return folders
