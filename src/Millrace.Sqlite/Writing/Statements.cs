using Millrace.Sqlite.Files;
using SQLitePCL;

namespace Millrace.Sqlite.Writing;

/// <summary>The writer's statements, each prepared once when first needed and named by its file in Sql/, or made of one.</summary>
internal sealed class Statements(sqlite3 database) : IDisposable
{
    /// <summary>How many jobs one run of <see cref="InsertJobs"/> stores.</summary>
    public const int JobsAtOnce = 20;

    private readonly Dictionary<string, Statement> _prepared = new(StringComparer.Ordinal);

    public Statement InsertJob => field ??= this["insert_job"];

    /// <summary>Opening the table and its indexes costs as much as adding a row: one run for many.</summary>
    public Statement InsertJobs => field ??= Add("insert_jobs", SqlText.Repeat("insert_job", JobsAtOnce));

    public Statement ClaimJob => field ??= this["claim_job"];

    public Statement CompleteJob => field ??= this["complete_job"];

    public Statement FinishClaim => field ??= this["finish_claim"];

    public Statement FindClaim => field ??= this["find_claim"];

    public Statement FindKeyGate => field ??= this["find_key_gate"];

    /// <summary>Those off the hot path, by name.</summary>
    public Statement this[string name] => _prepared.TryGetValue(name, out var statement) ? statement : Add(name, SqlText.Read(name));

    /// <summary>The <paramref name="ordinal"/>-th copy of a statement, for reading the same one at several places at once.</summary>
    public Statement Cursor(string name, int ordinal)
    {
        var copy = $"{name}#{ordinal}";
        return _prepared.TryGetValue(copy, out var statement) ? statement : Add(copy, SqlText.Read(name));
    }

    /// <summary>Ends whatever a failure left in the middle of its rows.</summary>
    public void Reset()
    {
        foreach (var statement in _prepared.Values) statement.Reset();
    }

    public void Dispose()
    {
        foreach (var statement in _prepared.Values) statement.Dispose();
    }

    private Statement Add(string name, string sql)
    {
        var statement = new Statement(database, sql);
        _prepared.Add(name, statement);
        return statement;
    }
}
