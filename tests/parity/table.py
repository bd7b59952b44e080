"""`python tests/parity/table.py`: what is compared with PyTorch, and the largest difference met.

Needs the extra parity. A difference is relative to the number, or absolute where that is below 1;
1e-12 is tolerated. Numbers after it are the seeds of the random problems, 0 1 2 if there are none.
"""

import sys
import warnings


def main(seeds: list[int]) -> int:
    # Here, since pytest, looking for doctests, imports this file where there may be no torch.
    import test_layers as layers
    import test_losses as losses
    import test_optim as optim

    warnings.simplefilter("ignore")
    cases = [
        (
            module.title(case),
            lambda seed, case=case, module=module: module.difference(case, seed)[0],
        )
        for module in (losses, layers, optim)
        for case in module.COMPARED
    ]
    print(f"{'largest difference':>18}  what is compared, for each of the seeds {seeds}")
    worst = 0.0
    for title, difference in cases:
        largest = max(map(difference, seeds))
        worst = max(worst, largest)
        print(f"{largest:18.1e}  {title}")
    print(f"{worst:18.1e}  of all {len(cases)}")
    return int(worst > losses.TOLERANCE)


if __name__ == "__main__":
    sys.exit(main([int(seed) for seed in sys.argv[1:]] or [0, 1, 2]))
