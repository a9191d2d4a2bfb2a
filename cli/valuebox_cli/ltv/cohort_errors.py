"""Prints how far off predictions of lifetime value are, by cohort and user by user."""

from valuebox.statistics.scores import UserScores
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.tabular import print_table
from valuebox_training.ltv.cohorts import CohortReport, PeriodErrors


def print_report(report: CohortReport) -> None:
    """The table of cohort errors, what it comes to beside means, then all users in a line."""
    print_errors(
        report,
        ("error", "base"),
        "base: training means by segment and STV; floor: about what chance leaves; "
        "in: percent of cohorts whose mean lies in its interval, 90 is meant",
    )
    if report.day.inside is not None and report.month.inside is not None:
        out.print(
            f"means in their interval: {report.day.inside:.0%} of days, "
            f"{report.month.inside:.0%} of months"
        )
    out.print(
        f"beside training means, by users: {_beside(report.day)} by day, "
        f"{_beside(report.month)} by month"
    )
    print_scores(f"user by user, {report.users:,} of them", report.scores)


def print_errors(report: CohortReport, judged: tuple[str, str], caption: str) -> None:
    """The table of cohort errors, one row per segment, averages last.

    Args:
        report: The errors of the prediction and of the baseline.
        judged: What these two are called.
        caption: What the columns mean.
    """
    period = (*judged, "floor", "in")
    rows = [
        (
            day.country_segment,
            f"{day.users:,}",
            str(day.cohorts),
            *_figures(day.error, day.baseline_error, day.noise_floor),
            _share(day.inside),
            str(month.cohorts),
            *_figures(month.error, month.baseline_error, month.noise_floor),
            _share(month.inside),
        )
        for day, month in zip(report.day.segments, report.month.segments, strict=True)
    ]
    periods = report.day, report.month
    equally = [_figures(one.macro, one.macro_baseline, one.macro_floor) for one in periods]
    by_users = [
        _figures(one.weighted, one.weighted_baseline, one.weighted_floor) for one in periods
    ]
    print_table(
        "Mean absolute error of the cohort mean, by join day and by join month",
        ["segment", "users", "days", *period, "mon.", *period],
        rows,
        [
            (name, "", "", *figures[0], "", "", *figures[1], "")
            for name, figures in (("equally", equally), ("by users", by_users))
        ],
        caption,
    )


def print_scores(title: str, scores: UserScores) -> None:
    """How single users are predicted, in a line."""
    named = {
        "mean absolute error": scores.mae,
        "bias": scores.bias,
        "R²": scores.r2,
        "Gini": scores.gini,
        "Spearman": scores.spearman,
        "decile MAPE": scores.decile_mape,
    }
    figures_of_users = (f"{name} {value:.3f}" for name, value in named.items() if value is not None)
    out.print(f"{title}: {', '.join(figures_of_users)}")


def _beside(period: PeriodErrors) -> str:
    if not period.weighted_baseline:
        return "no means to compare with"
    more = period.weighted / period.weighted_baseline - 1
    return f"off {abs(more):.0%} {'more' if more > 0 else 'less'}"


def _figures(*values: float) -> list[str]:
    # As wide as the column: small data have large errors, of which less is certain.
    return [f"{value:.3f}" if value < 10 else f"{value:.2f}" for value in values]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}"
