namespace Millrace.Retries;

/// <summary>From the attempt that failed to the delay before the next one.</summary>
public abstract record Backoff
{
    private Backoff()
    {
    }

    /// <summary>The delay after failed attempt <paramref name="attempt"/> (from 1), before jitter.</summary>
    public abstract TimeSpan Delay(int attempt);

    /// <summary>Every fault of this backoff, in the words of the bad-input catalogue.</summary>
    internal abstract IEnumerable<string> Faults();

    /// <summary>Always the same.</summary>
    /// <param name="Every">Zero or more.</param>
    public sealed record Fixed(TimeSpan Every) : Backoff
    {
        /// <inheritdoc/>
        public override TimeSpan Delay(int attempt) => Every;

        internal override IEnumerable<string> Faults()
        {
            if (Every < TimeSpan.Zero) yield return $"CFG017 backoff {Every} is negative: give zero or more.";
        }
    }

    /// <summary><paramref name="Base"/> × <paramref name="Factor"/>^(attempt − 1), at most <paramref name="Cap"/>.</summary>
    /// <param name="Base">After the first failure.</param>
    /// <param name="Cap">Never more than this.</param>
    /// <param name="Factor">Growth a failure, 1 or more.</param>
    public sealed record Exponential(TimeSpan Base, TimeSpan Cap, double Factor = 2) : Backoff
    {
        /// <inheritdoc/>
        public override TimeSpan Delay(int attempt)
        {
            var ticks = Base.Ticks * Math.Pow(Factor, attempt - 1);
            return ticks >= Cap.Ticks ? Cap : TimeSpan.FromTicks((long)ticks);
        }

        internal override IEnumerable<string> Faults()
        {
            if (Base <= TimeSpan.Zero) yield return $"CFG017 backoff base {Base} must be longer than zero.";
            if (Cap < Base) yield return $"CFG017 backoff cap {Cap} is below its base {Base}.";
            if (!(Factor >= 1)) yield return $"CFG017 backoff factor {Factor} must be 1 or more.";
        }
    }

    /// <summary>One delay a failure; the last one stays.</summary>
    /// <param name="Delays">At least one, each zero or more.</param>
    public sealed record Listed(params IReadOnlyList<TimeSpan> Delays) : Backoff
    {
        /// <inheritdoc/>
        public override TimeSpan Delay(int attempt) => Delays[Math.Min(attempt, Delays.Count) - 1];

        internal override IEnumerable<string> Faults()
        {
            if (Delays.Count == 0) yield return "CFG017 the list of backoff delays is empty: give at least one.";
            foreach (var delay in Delays)
                if (delay < TimeSpan.Zero)
                    yield return $"CFG017 backoff delay {delay} is negative: give zero or more.";
        }
    }
}
