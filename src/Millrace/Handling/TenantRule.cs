using System.Collections.Frozen;

namespace Millrace.Handling;

/// <summary>Which tenants a worker serves.</summary>
/// <param name="Required">True when a delivery without tenant is refused.</param>
/// <param name="Allowed">The tenants served; null for all.</param>
public sealed record TenantRule(bool Required, FrozenSet<string>? Allowed)
{
    /// <summary>Every delivery is served.</summary>
    public static TenantRule Any { get; } = new(false, null);

    /// <summary>Every tenant is served, but there must be one.</summary>
    public static TenantRule AnyTenant { get; } = new(true, null);

    internal bool Guards => Required || Allowed is not null;

    /// <summary>Only <paramref name="tenants"/> are served.</summary>
    public static TenantRule Only(params IEnumerable<string> tenants) => new(true, tenants.ToFrozenSet(StringComparer.Ordinal));

    /// <summary>Why <paramref name="tenant"/> is refused, or null when it is served.</summary>
    internal string? Refuse(string? tenant)
    {
        if (tenant is null) return Required ? "TEN001 the delivery names no tenant and this worker requires one" : null;
        return Allowed is null || Allowed.Contains(tenant) ? null : "TEN001 the delivery's tenant is not served by this worker";
    }
}
