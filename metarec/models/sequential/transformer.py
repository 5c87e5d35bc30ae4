"""Transformer blocks in plain PyTorch, shared by the models that attend, and their loss."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

NOTHING = -100  # where there is nothing to guess


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
        may_see : bool Tensor [sequences, 1, length, n]
            True where the row's position may attend to the column's; only the first n positions
            of a sequence are ever looked at.

        Returns
        -------
        Tensor [sequences, length, width]
        """
        drop = self.dropout if self.training else 0.0
        size = (*x.shape[:2], self.n_heads, -1)
        q, k, v = self.project(self.before_attention(x)).chunk(3, dim=-1)
        q, k, v = (part.view(size).transpose(1, 2) for part in (q, k, v))  # [n, heads, length, …]
        n = may_see.shape[-1]
        mixed = functional.scaled_dot_product_attention(q, k[:, :, :n], v[:, :, :n], may_see)
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
            `x @ table.T + bias` are the scores, with `table, bias = catalogue(n_items)`.
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

    def catalogue(self, n_items: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The vectors and biases of the items: the table of tokens without the special ones.

        Parameters
        ----------
        n_items : int

        Returns
        -------
        table : Tensor [items, width]
        bias : Tensor [items]
        """
        return self.items.weight[1 : n_items + 1], self.bias[1 : n_items + 1]


class CatalogueLoss(torch.autograd.Function):
    """Sum of the cross-entropies of guesses over the whole catalogue, in little memory.

    Equal to `functional.cross_entropy(hidden @ table.T + bias, targets, reduction="sum")`. There
    every guess leaves one number an item in memory, which is most of the time of training; here
    a few hundred guesses at a time stay in the processor's cache, and their gradient, the
    softmax minus one at the target, is formed on the spot.
    """

    @staticmethod
    def forward(
        ctx,
        hidden: torch.Tensor,
        table: torch.Tensor,
        bias: torch.Tensor,
        targets: torch.Tensor,
        rows: int = 256,
    ) -> torch.Tensor:
        """Compute the loss and, at once, its gradients.

        Parameters
        ----------
        ctx
            Where PyTorch keeps what `backward` needs.
        hidden : Tensor [guesses, width]
        table : Tensor [items, width]
        bias : Tensor [items]
        targets : int Tensor [guesses]
        rows : int
            Guesses at a time.

        Returns
        -------
        Tensor, no dimension
            In nats.
        """
        slopes = torch.empty_like(hidden), torch.zeros_like(table), torch.zeros_like(bias)
        total = hidden.new_zeros(())
        parts = (hidden.split(rows), targets.split(rows), slopes[0].split(rows))
        for h, target, slope in zip(*parts, strict=True):
            chances = torch.addmm(bias, h, table.T).log_softmax(1)  # [rows, items], logarithms yet
            total -= chances.gather(1, target[:, None]).sum()
            if not any(ctx.needs_input_grad):
                continue
            chances.exp_().scatter_add_(1, target[:, None], -torch.ones_like(h[:, :1]))
            torch.mm(chances, table, out=slope)
            slopes[1].addmm_(chances.T, h)
            slopes[2].add_(chances.sum(0))
        ctx.save_for_backward(*slopes)
        return total

    @staticmethod
    def backward(ctx, slope: torch.Tensor):
        """Scale the gradients that `forward` left.

        Parameters
        ----------
        ctx
        slope : Tensor, no dimension
            Of what is made of the loss.

        Returns
        -------
        tuple
            Gradients of `hidden`, `table` and `bias`; none of the rest.
        """
        return *(slope * part for part in ctx.saved_tensors), None, None


def loss_of(network: ItemTransformer, inputs: torch.Tensor, targets: torch.Tensor):
    """Cross-entropy over the whole catalogue, summed over the places that guess.

    Parameters
    ----------
    network : ItemTransformer
    inputs : int Tensor [rows, length]
        Tokens.
    targets : int Tensor [rows, length]
        Rows of the catalogue; `NOTHING` where nothing is guessed.

    Returns
    -------
    loss : Tensor, no dimension
        In nats.
    n : int
        Number of guesses.
    """
    guess = targets != NOTHING
    hidden = network(inputs)[guess]  # only these are multiplied with the catalogue
    n_special = 1 + (not network.causal)
    catalogue = network.catalogue(network.items.num_embeddings - n_special)
    rows = 256 if hidden.device.type == "cpu" else 16_384  # a GPU has no need of small parts
    return CatalogueLoss.apply(hidden, *catalogue, targets[guess], rows), len(hidden)
