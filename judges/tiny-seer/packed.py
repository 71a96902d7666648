"""Many questions on one picture in one pass: the picture's tokens are shared, each question sees them and itself only.

The last block is computed where an answer stands only. This is for training; the exported files are the plain network.
"""
import torch
from torch import nn
from torch.nn import functional as F

import model
from lessons import COLUMNS, NOTHING, PATCHES


class Seer(nn.Module):
    """The network with the heads that help it to learn; the heads are not exported."""

    def __init__(self, shape, user_token):
        super().__init__()
        self.shape, self.user_token = shape, user_token
        self.vision, self.decoder = model.Vision(shape), model.Decoder(shape)
        width = shape.vision_width
        self.helpers = nn.ModuleDict({
            "colour": nn.Linear(width, 7), "shape": nn.Linear(width, 5), "centre": nn.Linear(width, 2),
            "counts": nn.Linear(width, 24 * 6), "level": nn.Linear(width, 5)})
        self.noun = nn.Linear(shape.width, 6 + 6 + 4 + COLUMNS)
        self.helpers["place"] = nn.Linear(width, 2 * PATCHES)

    def vision_loss(self, seen, batch, places=False):
        """What the helping heads miss. With `places`, a patch also tells where it lies, and centres are shared between patches:

        a centre near an edge belongs to both sides, so that the shares of all patches add up to the number of shapes.
        """
        helpers, patches = self.helpers, batch["patches"]
        mean = seen.mean(1)
        loss = 0
        for row, name in enumerate(("colour", "shape", "centre")):
            told = helpers[name](seen).float().flatten(0, 1)
            truth = patches[:, row].flatten()
            if places and name == "centre":
                share = batch["centres"].flatten()
                truth = torch.stack([1 - share, share], 1)
            loss = loss + F.cross_entropy(told, truth)
        if places:
            told = helpers["place"](seen).float().flatten(0, 1).split(PATCHES, 1)
            at = torch.arange(PATCHES * PATCHES).repeat(len(seen))
            loss = loss + 0.5 * F.cross_entropy(told[0], at % PATCHES) + 0.5 * F.cross_entropy(told[1], at // PATCHES)
        counts = helpers["counts"](mean).float().view(-1, 6)
        return loss + F.cross_entropy(counts, batch["counts"].flatten()) + 0.2 * F.cross_entropy(helpers["level"](mean).float(), batch["level"])

    def forward(self, seen, drawers):
        """Logits of every drawer's answers [scenes, places, vocabulary], and what stands in the tokens before the last block."""
        decoder = self.decoder
        features = self.vision.project(seen)
        scenes = len(features)
        user = decoder.token_embd.weight[self.user_token].expand(scenes, 1, -1)
        image = torch.cat([user, features.float()], 1)
        length = image.shape[1]
        positions = torch.arange(length)
        causal = torch.full((length, length), -1e9).triu(1)
        image_rotation = decoder.rotation(positions)
        sizes = [(drawer["ids"].shape[2], drawer["ids"].shape[1]) for drawer in drawers]
        x = torch.cat([decoder.token_embd(drawer["ids"]).flatten(1, 2) for drawer in drawers], 1)
        rotation = decoder.rotation(torch.cat([(length + torch.arange(tokens)).repeat(places) for tokens, places in sizes]))
        for block in decoder.blk[:-1]:
            qi, ki, vi = block.project(image, image_rotation)
            q, k, v = block.project(x, rotation)
            image = block.finish(image, model.attend(qi, ki, vi, causal))
            mixed, start = [], 0
            for tokens, places in sizes:
                part = slice(start, start + tokens * places)
                own_mask = torch.full((tokens, tokens), -1e9).triu(1)
                mixed.append(see(q[:, :, part], k[:, :, part], v[:, :, part], ki, vi, places, own_mask))
                start = part.stop
            x = block.finish(x, torch.cat(mixed, 2))
        return self.answers(x, image, image_rotation, rotation, sizes, drawers), x

    def answers(self, x, image, image_rotation, rotation, sizes, drawers):
        block = self.decoder.blk[-1]
        _, ki, vi = block.project(image, image_rotation)
        q, k, v = block.project(x, rotation)
        found, start = [], 0
        for (tokens, places), drawer in zip(sizes, drawers):
            part = slice(start, start + tokens * places)
            at = drawer["last"] + torch.arange(places) * tokens
            heads = at[:, None, :, None].expand(-1, q.shape[1], -1, q.shape[3])
            asking = q[:, :, part].gather(2, heads)
            mask = torch.where(torch.arange(tokens) > drawer["last"][..., None], -1e9, 0.0)[:, None, :, None]
            mixed = see(asking, k[:, :, part], v[:, :, part], ki, vi, places, mask)
            here = x[:, part].gather(1, at[..., None].expand(-1, -1, x.shape[2]))
            found.append(self.decoder.logits(block.finish(here, mixed)))
            start = part.stop
        return found

    def noun_loss(self, x, drawers):
        """At each element's noun: how many match, and their colour, shape and column where they agree."""
        rows, places, truth, start = [], [], [], 0
        for drawer in drawers:
            rows.append(drawer["nouns"][:, 0])
            places.append(drawer["nouns"][:, 1] + start)
            truth.append(drawer["nouns"][:, 2:])
            start += drawer["ids"].shape[1] * drawer["ids"].shape[2]
        told = self.noun(x[torch.cat(rows), torch.cat(places)]).float().split([6, 6, 4, COLUMNS], 1)
        return sum(F.cross_entropy(part, column, ignore_index=NOTHING)
                   for part, column in zip(told, torch.cat(truth).unbind(1)))


def see(q, k, v, image_k, image_v, places, own_mask):
    """Attention of questions to the shared picture and to themselves; the two are weighed in one softmax."""
    scale = q.shape[-1] ** -0.5
    q = q * scale
    to_image = q @ image_k.transpose(-1, -2)
    apart = [part.unflatten(2, (places, -1)) for part in (q, k, v)]
    to_own = apart[0] @ apart[1].transpose(-1, -2) + own_mask
    weights = torch.cat([to_image.unflatten(2, (places, -1)), to_own], -1).softmax(-1)
    width = image_k.shape[2]
    return weights[..., :width].flatten(2, 3) @ image_v + (weights[..., width:] @ apart[2]).flatten(2, 3)
