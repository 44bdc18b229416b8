using Millrace.Sqlite.Files;
using SQLitePCL;

namespace Millrace.Sqlite.Writing;

/// <summary>The writer's statements, each prepared once when first needed and named by its file in Sql/.</summary>
internal sealed class Statements(sqlite3 database) : IDisposable
{
    private readonly Dictionary<string, Statement> _prepared = new(StringComparer.Ordinal);

    public Statement InsertJob => field ??= this["insert_job"];

    public Statement ClaimJob => field ??= this["claim_job"];

    public Statement CompleteJob => field ??= this["complete_job"];

    public Statement FinishClaim => field ??= this["finish_claim"];

    public Statement FindClaim => field ??= this["find_claim"];

    public Statement FindKeyGate => field ??= this["find_key_gate"];

    /// <summary>Those off the hot path, by name.</summary>
    public Statement this[string name]
    {
        get
        {
            if (_prepared.TryGetValue(name, out var statement)) return statement;
            statement = new Statement(database, SqlText.Read(name));
            _prepared.Add(name, statement);
            return statement;
        }
    }

    /// <summary>The <paramref name="ordinal"/>-th copy of a statement, for reading the same one at several places at once.</summary>
    public Statement Cursor(string name, int ordinal)
    {
        if (_prepared.TryGetValue($"{name}#{ordinal}", out var statement)) return statement;
        statement = new Statement(database, SqlText.Read(name));
        _prepared.Add($"{name}#{ordinal}", statement);
        return statement;
    }

    public void Dispose()
    {
        foreach (var statement in _prepared.Values) statement.Dispose();
    }
}
