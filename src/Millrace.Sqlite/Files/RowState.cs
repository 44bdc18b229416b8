using System.Diagnostics;
using Millrace.Storage;

namespace Millrace.Sqlite.Files;

/// <summary>What a row of `jobs` says about its state, in the words of everybody else.</summary>
internal static class RowState
{
    public const int Ready = 0;
    public const int Delayed = 2;

    public static JobState Read(int state) => state switch
    {
        Ready or 4 => JobState.Waiting,
        1 => JobState.Leased,
        Delayed or 3 => JobState.Delayed,
        _ => throw new UnreachableException($"A job cannot be in state {state}."),
    };
}
