"""Transformer blocks in plain PyTorch, shared by the models that attend."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """One transformer block: self-attention, then a small network, each added to what came in.

    Parameters
    ----------
    width : int
        Size of the vectors, a multiple of `n_heads`.
    n_heads : int
    dropout : float
        Share of numbers that training drops, 0 to 1.
    """

    def __init__(self, width: int, n_heads: int, dropout: float):
        super().__init__()
        self.n_heads, self.dropout = n_heads, dropout
        self.before_attention, self.before_network = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)  # to queries, keys and values at once
        self.join = nn.Linear(width, width)
        self.network = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor, may_see: torch.Tensor) -> torch.Tensor:
        """Mix the vectors of a sequence.

        Parameters
        ----------
        x : Tensor [sequences, length, width]
        may_see : bool Tensor [sequences, 1, length, length]
            True where the row's position may attend to the column's.

        Returns
        -------
        Tensor [sequences, length, width]
        """
        drop = self.dropout if self.training else 0.0
        size = (*x.shape[:2], self.n_heads, -1)
        q, k, v = self.project(self.before_attention(x)).chunk(3, dim=-1)
        q, k, v = (part.view(size).transpose(1, 2) for part in (q, k, v))  # [n, heads, length, …]
        mixed = functional.scaled_dot_product_attention(q, k, v, may_see, dropout_p=drop)
        mixed = self.join(mixed.transpose(1, 2).flatten(2))
        x = x + functional.dropout(mixed, drop, self.training)
        return x + functional.dropout(self.network(self.before_network(x)), drop, self.training)


class ItemTransformer(nn.Module):
    """From sequences of items to a score of every item at every place.

    Items and outputs share one table of vectors. Position 0 of the table is padding; a
    vocabulary may hold a mask token as its last entry.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary, padding included.
    window : int
        Longest sequence.
    width, n_blocks, n_heads : int
    dropout : float
    causal : bool
        Whether a place sees only itself and what came before.
    """

    def __init__(
        self,
        n_tokens: int,
        window: int,
        width: int,
        n_blocks: int,
        n_heads: int,
        dropout: float,
        causal: bool,
    ):
        super().__init__()
        self.items, self.places = nn.Embedding(n_tokens, width), nn.Embedding(window, width)
        self.blocks = nn.ModuleList(Block(width, n_heads, dropout) for _ in range(n_blocks))
        self.last, self.bias = nn.LayerNorm(width), nn.Parameter(torch.zeros(n_tokens))
        self.dropout, self.causal = dropout, causal
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read sequences.

        Parameters
        ----------
        tokens : int Tensor [sequences, length]
            0 is padding.

        Returns
        -------
        Tensor [sequences, length, width]
            Multiply by `items.weight` (transposed) and add `bias` for the scores.
        """
        length = tokens.shape[1]
        x = self.items(tokens) + self.places.weight[-length:]  # the last place is the newest
        x = functional.dropout(x, self.dropout, self.training)
        may_see = (tokens > 0)[:, None, None, :].expand(-1, 1, length, -1)
        if self.causal:
            may_see = may_see & torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        # a place that may see nothing, at the padding, sees itself: softmax of nothing is NaN
        may_see = may_see | torch.eye(length, dtype=torch.bool, device=x.device)
        for block in self.blocks:
            x = block(x, may_see)
        return self.last(x)
