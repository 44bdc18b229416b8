using System.Diagnostics;
using Millrace.Storage;

namespace Millrace.Postgres.Texts;

/// <summary>What a row of `jobs` says about its state, in the words of everybody else.</summary>
internal static class RowState
{
    public static JobState Read(int state) => state switch
    {
        0 or 4 => JobState.Waiting,
        1 => JobState.Leased,
        2 or 3 => JobState.Delayed,
        _ => throw new UnreachableException($"A job cannot be in state {state}."),
    };
}
