"""CLIPTextModel: both activations, both rules for the pooled state, mask, layers, projection."""

import torch
from common import randomise, save_case
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

SMALL = dict(vocab_size=60, hidden_size=16, intermediate_size=40, max_position_embeddings=12, pad_token_id=1)


def case(name, cls, ids, mask=None, **options):
    model = randomise(cls(CLIPTextConfig(**SMALL, **options)), seed=len(name)).float()
    ids = torch.tensor(ids)
    arrays = {"inputIds": ids.int()}
    kwargs = {}
    if mask is not None:
        kwargs["attention_mask"] = arrays["attentionMask"] = torch.tensor(mask).int()
    with torch.no_grad():
        out = model(ids, output_hidden_states=True, **kwargs)
        text_model = model.text_model if hasattr(model, "text_model") else model
        arrays["lastHiddenState"] = out.last_hidden_state
        for i, hidden in enumerate(out.hidden_states):
            arrays[f"hiddenStates.{i}"] = hidden
        arrays["clipSkip2"] = text_model.final_layer_norm(out.hidden_states[-3])
        if hasattr(out, "text_embeds"):
            arrays["textEmbeds"] = out.text_embeds
        else:
            arrays["poolerOutput"] = out.pooler_output
    save_case(name, model, {k: v if v.dtype == torch.int32 else v.float() for k, v in arrays.items()})


case(
    "clip-legacy", CLIPTextModel, [[57, 5, 9, 59, 59, 59, 59], [57, 3, 3, 58, 4, 7, 58]],
    num_hidden_layers=3, num_attention_heads=2, hidden_act="quick_gelu", bos_token_id=0, eos_token_id=2,
)
case(
    "clip-projection", CLIPTextModelWithProjection, [[57, 5, 9, 7, 30, 0, 0, 59, 0], [57, 30, 59, 30, 1, 2, 3, 4, 5]],
    mask=[[1, 1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 1, 1, 1, 1, 1]],
    num_hidden_layers=4, num_attention_heads=4, hidden_act="gelu", bos_token_id=57, eos_token_id=30, projection_dim=10,
)
